/** Where one name server listens. */
export interface NamesrvAddress {
  readonly host: string;
  readonly port: number;
  /** As the user wrote it, for messages. */
  readonly text: string;
}

const MAX_PORT = 65_535;

/**
 * Reads a list `host:port;host:port`; an IPv6 host is put in brackets.
 * @throws RangeError naming the part that is no address
 */
export function parseNamesrvAddresses(list: string): readonly NamesrvAddress[] {
  const parts = list
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) throw new RangeError('the list of name servers is empty');
  return parts.map(parseNamesrvAddress);
}

function parseNamesrvAddress(text: string): NamesrvAddress {
  const match = /^(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:\s]+)):(?<port>\d{1,5})$/.exec(text);
  const host = match?.groups?.['bracketed'] ?? match?.groups?.['plain'];
  const port = Number(match?.groups?.['port']);
  if (host === undefined || port < 1 || port > MAX_PORT) {
    throw new RangeError(`"${text}" is no name server address; write host:port`);
  }
  return { host, port, text };
}
