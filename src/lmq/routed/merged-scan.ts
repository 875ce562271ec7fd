import { compareKeys } from '../spi/key-order.ts';

export interface StateEntry {
  readonly key: string;
  readonly value: Buffer;
}

interface Head {
  readonly entries: AsyncIterator<StateEntry>;
  next: StateEntry | undefined;
}

/**
 * One scan out of those of several stores, each in the order of its keys: in that order, each key once. Of a key
 * that several have, the entry of the last one in the list counts.
 */
export async function* mergedScan(
  scans: readonly AsyncIterable<StateEntry>[],
): AsyncGenerator<StateEntry> {
  const heads: Head[] = scans.map((scan) => ({
    entries: scan[Symbol.asyncIterator](),
    next: undefined,
  }));
  try {
    await Promise.all(heads.map(advance));
    for (let least = leastOf(heads); least !== undefined; least = leastOf(heads)) {
      const { key } = least;
      yield least;
      for (const head of heads) if (head.next?.key === key) await advance(head);
    }
  } finally {
    await Promise.all(heads.map(async ({ entries }) => entries.return?.()));
  }
}

async function advance(head: Head): Promise<void> {
  const result = await head.entries.next();
  head.next = result.done === true ? undefined : result.value;
}

function leastOf(heads: readonly Head[]): StateEntry | undefined {
  let least: StateEntry | undefined;
  for (const { next } of heads) {
    if (next === undefined) continue;
    if (least === undefined || compareKeys(next.key, least.key) <= 0) least = next;
  }
  return least;
}
