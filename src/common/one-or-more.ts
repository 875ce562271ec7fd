/** Anything that can be told from a set and from nothing. */
export type Item = object | string | number;

/**
 * Different things, of which there are many or, nearly always, one: a set of one takes 150 bytes, which
 * counts where there is one for each subscription.
 */
export type OneOrMore<T extends Item> = T | Set<T>;

/** `held` and `item`; one that is there already stays single. */
export function including<T extends Item>(held: OneOrMore<T> | undefined, item: T): OneOrMore<T> {
  if (held === undefined || held === item) return item;
  if (held instanceof Set) return held.add(item);
  return new Set([held, item]);
}

/** `held` without `item`; undefined when nothing is left. */
export function excluding<T extends Item>(
  held: OneOrMore<T> | undefined,
  item: T,
): OneOrMore<T> | undefined {
  if (held === item) return undefined;
  if (!(held instanceof Set)) return held;
  held.delete(item);
  return held.size === 0 ? undefined : held;
}

/** How many they are. */
export function countOf<T extends Item>(held: OneOrMore<T> | undefined): number {
  if (held === undefined) return 0;
  return held instanceof Set ? held.size : 1;
}

export function includes<T extends Item>(held: OneOrMore<T> | undefined, item: T): boolean {
  return held instanceof Set ? held.has(item) : held === item;
}

/** Calls `visit` for each of them, in the order in which they came. */
export function visitEach<T extends Item>(
  held: OneOrMore<T> | undefined,
  visit: (item: T) => void,
): void {
  if (held === undefined) return;
  if (held instanceof Set) for (const item of held) visit(item);
  else visit(held);
}
