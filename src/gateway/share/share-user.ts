/** U+0000 is in no MQTT string, so it cannot be part of either. */
const SEPARATOR = '\u0000';

/** Who subscribes a group, and by which of its filters: key of `StateSpace.SHARE_MEMBER`. */
export function userKey(filter: string, clientId: string): string {
  return filter + SEPARATOR + clientId;
}

export function splitUserKey(key: string): { readonly filter: string; readonly clientId: string } {
  const end = key.indexOf(SEPARATOR);
  return { filter: key.slice(0, end), clientId: key.slice(end + 1) };
}

/** Consumer name of a group's offset: no client id is the same. */
export function shareConsumer(key: string): string {
  return SEPARATOR + key;
}
