import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import type { Clock } from '../../../../src/common/clock.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { recordLength, recordPayload } from '../../../../src/lmq/spi/record.ts';
import type { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { type CommitNumber, type StoreTopic } from '../../../../src/lmq/spi/types.ts';
import { decodeClaim } from '../../../../src/lmq/server/node-record.ts';

/** One durable write. */
export type Entry =
  | {
      readonly kind: 'state';
      readonly space: StateSpace;
      readonly key: string;
      readonly value: Buffer | undefined;
    }
  | {
      readonly kind: 'record';
      readonly topic: string;
      readonly record: Buffer;
      readonly origin: number;
    };

/** The disk of the simulated store: what a memory store has committed, to be put into the next one. */
export class Journal {
  readonly #entries: Entry[] = [];
  readonly #onDurable: (entry: Entry) => void;

  /** @param onDurable told of each write in the order of the disk */
  constructor(onDurable: (entry: Entry) => void) {
    this.#onDurable = onDurable;
  }

  /** A store that holds what is durable. After `kill` nothing that it does reaches the disk. */
  async open(clock: Clock): Promise<{ readonly store: LmqStore; readonly kill: () => void }> {
    let isDead = false;
    const inner = createMemoryStore({
      clock,
      fault: () => (isDead ? new Error('the process is gone') : undefined),
    });
    await inner.start();
    for (const entry of this.#entries) replay(inner, entry);
    if (this.#entries.length > 0) await inner.committed(inner.openCommit);
    return {
      store: this.#recording(inner),
      kill: () => {
        isDead = true;
      },
    };
  }

  #recording(inner: LmqStore): LmqStore {
    const open = new Map<CommitNumber, Entry[]>();
    inner.onCommit((commit, error) => {
      if (error === undefined) for (const entry of open.get(commit) ?? []) this.#keep(entry);
      open.delete(commit);
    });
    const note = (commit: CommitNumber, entry: Entry): CommitNumber => {
      const entries = open.get(commit);
      if (entries === undefined) open.set(commit, [entry]);
      else entries.push(entry);
      return commit;
    };
    const recorded: Partial<LmqStore> = {
      putState: (space, key, value) =>
        note(inner.putState(space, key, value), { kind: 'state', space, key, value }),
      deleteState: (space, key) =>
        note(inner.deleteState(space, key), { kind: 'state', space, key, value: undefined }),
      appendRecord: (topic: StoreTopic, record: Buffer, start: number, origin: number) => {
        const copy = Buffer.from(record.subarray(start, start + recordLength(record, start)));
        const commit = inner.appendRecord(topic, record, start, origin);
        return note(commit, { kind: 'record', topic: topic.name, record: copy, origin });
      },
    };
    return new Proxy(inner, {
      get(target, name) {
        const own: unknown = Reflect.get(recorded, name);
        if (own !== undefined) return own;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  #keep(entry: Entry): void {
    this.#entries.push(entry);
    this.#onDurable(entry);
  }
}

function replay(store: LmqStore, entry: Entry): void {
  if (entry.kind === 'record') {
    store.appendRecord(store.topic(entry.topic), entry.record, 0, entry.origin);
  } else if (entry.value === undefined) {
    store.deleteState(entry.space, entry.key);
  } else {
    store.putState(entry.space, entry.key, entry.value);
  }
}

export function textOf(record: Buffer): string {
  return recordPayload(record, 0).toString();
}

/** Number of the node that a claim record names. */
export function ownerOf(value: Buffer | undefined): number {
  return value === undefined ? 0 : decodeClaim(value);
}
