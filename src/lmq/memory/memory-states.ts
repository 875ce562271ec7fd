import { compareKeys } from '../spi/key-order.ts';
import type { StateSpace } from '../spi/types.ts';

interface Entry {
  readonly key: string;
  readonly value: Buffer;
}

interface Write {
  readonly space: StateSpace;
  readonly key: string;
  readonly value: Buffer | undefined;
}

type Space = Map<string, Buffer>;

function put(spaces: Map<StateSpace, Space>, { space, key, value }: Write): void {
  let entries = spaces.get(space);
  if (entries === undefined) {
    entries = new Map();
    spaces.set(space, entries);
  }
  if (value === undefined) entries.delete(key);
  else entries.set(key, value);
}

/** State records as written and as committed. */
export class MemoryStates {
  readonly #written = new Map<StateSpace, Space>();
  readonly #committed = new Map<StateSpace, Space>();

  write(space: StateSpace, key: string, value: Buffer | undefined): void {
    put(this.#written, { space, key, value });
  }

  commit(writes: readonly Write[]): void {
    for (const write of writes) put(this.#committed, write);
  }

  read(space: StateSpace, key: string): Buffer | undefined {
    return this.#written.get(space)?.get(key);
  }

  /** Committed entries as of the start of the iteration, in the order of the keys' UTF-8 bytes. */
  scan(space: StateSpace, after?: string): AsyncIterable<Entry> {
    return {
      [Symbol.asyncIterator]: () => {
        const entries = Array.from(this.#committed.get(space) ?? [], ([key, value]) => ({
          key,
          value,
        }));
        entries.sort((a, b) => compareKeys(a.key, b.key));
        return each(
          after === undefined ? entries : entries.filter(({ key }) => compareKeys(key, after) > 0),
        );
      },
    };
  }
}

async function* each(entries: readonly Entry[]): AsyncGenerator<Entry> {
  await Promise.resolve();
  yield* entries;
}
