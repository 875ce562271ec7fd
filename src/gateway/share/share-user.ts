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

/** A gateway with members of a group is a user of it too: no client id begins with U+0000. */
export function nodeUserKey(groupKey: string, nodeId: string): string {
  return userKey(groupKey, SEPARATOR + nodeId);
}

/** Whether a user is a gateway. */
export function isNodeUser(clientId: string): boolean {
  return clientId.startsWith(SEPARATOR);
}

/** A gateway's part in a group: key in `StateSpace.SHARE` and name of its claim. */
export function partKey(groupKey: string, nodeId: string): string {
  return groupKey + SEPARATOR + nodeId;
}

/** Undefined when it is the key of a group. */
export function splitPartKey(
  key: string,
): { readonly groupKey: string; readonly nodeId: string } | undefined {
  const end = key.indexOf(SEPARATOR);
  return end < 0 ? undefined : { groupKey: key.slice(0, end), nodeId: key.slice(end + 1) };
}
