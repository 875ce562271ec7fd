/** Comma lists, in which RocketMQ MQTT keeps its metadata in the KV config. */

/** Entries of a comma list, trimmed, without empty ones and repetitions, in order. */
export function splitList(list: string | undefined): Set<string> {
  const entries = new Set<string>();
  if (list === undefined) return entries;
  for (const part of list.split(',')) {
    const entry = part.trim();
    if (entry !== '') entries.add(entry);
  }
  return entries;
}

/** The comma list of `entries`, or undefined for none: the key is then deleted. */
export function joinList(entries: ReadonlySet<string>): string | undefined {
  return entries.size === 0 ? undefined : [...entries].join(',');
}

/**
 * The comma list `list` with and without some entries. A list that holds the right ones already comes
 * back as its writer wrote it.
 */
export function editList(
  list: string | undefined,
  added: Iterable<string>,
  removed: Iterable<string>,
): string | undefined {
  const entries = splitList(list);
  let isChanged = false;
  for (const entry of removed) {
    if (entries.delete(entry)) isChanged = true;
  }
  for (const entry of added) {
    if (entries.has(entry)) continue;
    entries.add(entry);
    isChanged = true;
  }
  return isChanged ? joinList(entries) : list;
}

/** False for what would come back from a comma list as something else. */
export function isListable(entry: string): boolean {
  return entry !== '' && !entry.includes(',') && entry.trim() === entry;
}
