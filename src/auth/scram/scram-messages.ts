/** Messages of SCRAM from the client (RFC 5802 §7). Each `parse…` returns undefined for what is ill-formed. */

/** client-first-message */
export interface ClientFirst {
  /** Before the bare message: what about channel binding, and who to act as. */
  readonly gs2Header: string;
  readonly bare: string;
  /** Decoded, not yet prepared. */
  readonly username: string;
  /** Undefined when it is to be the user name. */
  readonly authzid: string | undefined;
  readonly nonce: string;
}

/** client-final-message */
export interface ClientFinal {
  readonly withoutProof: string;
  /** `c`: Base64 of the GS2 header, as there is no channel binding. */
  readonly channelBinding: string;
  readonly nonce: string;
  readonly proof: Buffer;
}

/** No channel binding (`n`, `y`): a client that insists on it (`p=`) wants SCRAM-SHA-256-PLUS. */
const GS2_HEADER = /^[ny],(?:a=([^,]+))?,/;
/** A mandatory extension (`m=`) would be in front and is not known; others follow and are ignored. */
const FIRST_BARE = /^n=([^,]+),r=([!-+\--~]+)(?:,[A-Za-z]=[^,]+)*$/;
const FINAL = /^(c=([A-Za-z0-9+/]+=*),r=([!-+\--~]+)(?:,[A-Za-z]=[^,]+)*),p=([A-Za-z0-9+/]+=*)$/;

/** RFC 5802 §7 client-first-message; undefined for anything else, and for one that wants channel binding. */
export function parseClientFirst(message: string): ClientFirst | undefined {
  const header = GS2_HEADER.exec(message);
  if (header === null) return undefined;
  const bare = message.slice(header[0].length);
  const parts = FIRST_BARE.exec(bare);
  const username = parts?.[1] === undefined ? undefined : decodeName(parts[1]);
  const authzid = header[1] === undefined ? undefined : decodeName(header[1]);
  if (parts?.[2] === undefined || username === undefined) return undefined;
  if (header[1] !== undefined && authzid === undefined) return undefined;
  return { gs2Header: header[0], bare, username, authzid, nonce: parts[2] };
}

/** RFC 5802 §7 client-final-message; undefined for anything else. */
export function parseClientFinal(message: string): ClientFinal | undefined {
  const parts = FINAL.exec(message);
  if (parts === null) return undefined;
  const [, withoutProof, channelBinding, nonce, proof] = parts as readonly (string | undefined)[];
  if (withoutProof === undefined || channelBinding === undefined) return undefined;
  if (nonce === undefined || proof === undefined) return undefined;
  return { withoutProof, channelBinding, nonce, proof: Buffer.from(proof, 'base64') };
}

/** saslname: a comma is `=2C`, an equals sign `=3D`, and nothing else may follow one. */
function decodeName(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined;
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}
