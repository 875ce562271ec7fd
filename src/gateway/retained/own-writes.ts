import { type Lane, laneOfCommit } from '../../lmq/spi/lane.ts';
import type { CommitNumber } from '../../lmq/spi/types.ts';

/** Keys that this gateway has written and that may not be durable; bounded by the store's backlog. */
export class OwnWrites {
  /** By lane: its keys and the newest commit with one of them. */
  readonly #lanes = new Map<Lane, { readonly keys: Set<string>; newest: CommitNumber }>();

  wrote(key: string, commit: CommitNumber): void {
    const lane = laneOfCommit(commit);
    const own = this.#lanes.get(lane);
    if (own === undefined) {
      this.#lanes.set(lane, { keys: new Set([key]), newest: commit });
      return;
    }
    own.keys.add(key);
    own.newest = commit;
  }

  /** The commit is over. */
  settled(commit: CommitNumber): void {
    const own = this.#lanes.get(laneOfCommit(commit));
    if (own !== undefined && commit >= own.newest) own.keys.clear();
  }

  /** What a key waits for; 0 when it is not being written. */
  pending(key: string): CommitNumber {
    for (const { keys, newest } of this.#lanes.values()) if (keys.has(key)) return newest;
    return 0;
  }
}
