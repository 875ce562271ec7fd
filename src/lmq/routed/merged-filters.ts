export interface ListedFilter {
  readonly filter: string;
  readonly pinned: boolean;
  readonly uses: number;
}

/** Each filter once: its uses are those of the store that counts most, for a use is one in each of its stores. */
export function mergedFilters(lists: readonly (readonly ListedFilter[])[]): ListedFilter[] {
  const merged = new Map<string, ListedFilter>();
  for (const listed of lists.flat()) {
    const { filter, pinned, uses } = listed;
    const before = merged.get(filter);
    merged.set(
      filter,
      before === undefined
        ? listed
        : { filter, pinned: pinned || before.pinned, uses: Math.max(uses, before.uses) },
    );
  }
  return [...merged.values()];
}
