import { StateSpace, type CommitNumber } from '../spi/types.ts';
import { type CommitPart, type CommitTrigger, PartOfCommit } from './commit-part.ts';
import type { KvBatch } from './kv-batch.ts';
import { type KvEngine, SOME_BYTES } from './kv-engine.ts';
import { stateKey, stateRange, textOfStateKey } from './layout/v1/state-key.ts';
import { WriteSet } from './write-set.ts';

/** Bytes that an entry takes beside key and value. */
const ENTRY_BYTES = 16;

export interface StateEntry {
  readonly key: string;
  readonly value: Buffer;
}

/** Sessions, retained messages and the like: small values by key. */
export class StateTable implements CommitPart {
  readonly #engine: KvEngine;
  readonly #trigger: CommitTrigger;
  readonly #writes = new Map<StateSpace, WriteSet>(
    Object.values(StateSpace).map((space) => [space, new WriteSet()]),
  );
  /** The same; commits go through it without an object for each step. */
  readonly #all: readonly (readonly [StateSpace, WriteSet])[] = [...this.#writes];

  constructor(engine: KvEngine, trigger: CommitTrigger) {
    this.#engine = engine;
    this.#trigger = trigger;
  }

  /** @param value is not written to any more */
  put(space: StateSpace, key: string, value: Buffer): CommitNumber {
    this.#writesOf(space).set(key, value);
    return this.#touch(key.length + value.length);
  }

  delete(space: StateSpace, key: string): CommitNumber {
    this.#writesOf(space).set(key, null);
    return this.#touch(key.length);
  }

  async get(space: StateSpace, key: string): Promise<Buffer | undefined> {
    const written = this.#writesOf(space).get(key);
    if (written !== undefined) return written ?? undefined;
    return this.#engine.get(stateKey(space, key));
  }

  scan(space: StateSpace, after?: string): AsyncIterable<StateEntry> {
    const all = stateRange(space);
    const range = after === undefined ? all : { gt: stateKey(space, after), lt: all.lt };
    return {
      [Symbol.asyncIterator]: () => scanEntries(this.#engine.scan(range, SOME_BYTES)),
    };
  }

  seal(): void {
    for (const entry of this.#all) entry[1].seal();
  }

  fill(batch: KvBatch): void {
    for (const entry of this.#all) {
      const space = entry[0];
      const writes = entry[1];
      if (writes.isSealedEmpty) continue;
      for (const [key, value] of writes.sealed) {
        if (value === null) batch.del(stateKey(space, key));
        else batch.put(stateKey(space, key), value);
      }
    }
  }

  settle(): void {
    for (const entry of this.#all) entry[1].settle();
  }

  #touch(bytes: number): CommitNumber {
    return this.#trigger.touch(bytes + ENTRY_BYTES, PartOfCommit.STATES);
  }

  #writesOf(space: StateSpace): WriteSet {
    const writes = this.#writes.get(space);
    if (writes === undefined) throw new RangeError(`no such state space: ${String(space)}`);
    return writes;
  }
}

async function* scanEntries(
  entries: AsyncIterable<{ key: Buffer; value: Buffer }>,
): AsyncGenerator<StateEntry> {
  for await (const { key, value } of entries) yield { key: textOfStateKey(key), value };
}
