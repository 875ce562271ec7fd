import type { Clock, Timer } from '../../common/clock.ts';
import { isRetryable, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { ClaimKind, claimKey, type Cluster } from '../../lmq/spi/cluster.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { type QueueOffset, StateSpace } from '../../lmq/spi/types.ts';
import { type ShareGroup, ShareState } from './share-group.ts';
import type { ShareLog } from './share-log.ts';
import { decodeShareRecord } from './share-record.ts';
import { shareConsumer } from './share-user.ts';

/** A gateway that has work for its members keeps the turn that long, ms: each change costs a commit. */
const SHORTEST_TURN_MS = 10;
/** After the store has not answered in time, ms. */
const RETRY_MS = 1_000;

export interface ShareTurnsParts {
  readonly cluster: Cluster;
  readonly store: LmqStore;
  readonly log: ShareLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hands messages out. */
  readonly run: (group: ShareGroup) => void;
}

/**
 * Whose turn it is to hand out the messages of a group: that of one gateway at a time, which has the group's
 * claim. Position and returned messages are in the store whenever the turn goes to another gateway.
 */
export class ShareTurns {
  readonly #parts: ShareTurnsParts;
  /** Groups whose turn is being waited for. */
  readonly #asking = new Map<ShareGroup, Promise<void>>();
  /** Groups that another gateway waits for → when they are given away. */
  readonly #wanted = new Map<string, Timer | undefined>();
  readonly #since = new Map<ShareGroup, number>();
  #isStopped = false;

  constructor(parts: ShareTurnsParts) {
    this.#parts = parts;
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#wanted.values()) timer?.cancel();
    this.#wanted.clear();
  }

  /** Has the group run when it is this gateway's turn. */
  ask(group: ShareGroup): void {
    this.take(group).then(
      () => {
        if (group.state !== ShareState.CLOSED) this.entered(group);
      },
      (error: unknown) => {
        const { logger } = this.#parts;
        logger.error({ group: group.key, error: messageOf(error) }, 'a shared group has no turn');
        if (isRetryable(error)) this.#askLater(group);
      },
    );
  }

  /** Resolves when it is this gateway's turn. */
  take(group: ShareGroup): Promise<void> {
    if (group.hasTurn) return Promise.resolve();
    const asking = this.#asking.get(group);
    if (asking !== undefined) return asking;
    const taking = this.#take(group).finally(() => {
      this.#asking.delete(group);
    });
    this.#asking.set(group, taking);
    return taking;
  }

  /** Runs a group that has the turn, and gives it on to whoever waits. */
  entered(group: ShareGroup): void {
    const { run, log } = this.#parts;
    run(group);
    if (group.hasTurn && group.hasReturned) {
      // Other gateways learn of it from the store.
      log.changed(group);
      log.saveGroup(group);
    }
    this.#giveAwayIfWanted(group);
  }

  /** The turn of a group that is new here has been taken. */
  taken(group: ShareGroup): void {
    this.#since.set(group, this.#parts.clock.monotonic());
  }

  /** Another gateway waits for its turn. */
  wanted(groupKey: string, group: ShareGroup | undefined): void {
    if (this.#wanted.has(groupKey)) return;
    this.#wanted.set(groupKey, undefined);
    if (group !== undefined) this.#giveAwayIfWanted(group);
  }

  /** The claim has come when nobody waited for it any more. */
  giveUpUnneeded(group: ShareGroup): void {
    if (!group.hasTurn && !this.#asking.has(group)) this.release(group);
  }

  /** The group has left this gateway, which had the turn. */
  release(group: ShareGroup): void {
    this.#wanted.get(group.key)?.cancel();
    this.#wanted.delete(group.key);
    this.#since.delete(group);
    this.#parts.cluster.release(claimKey(ClaimKind.GROUP, group.key));
  }

  /** Its members may wait for what is there already: nothing else would have it ask again. */
  #askLater(group: ShareGroup): void {
    const { clock, run } = this.#parts;
    clock.after(RETRY_MS, () => {
      if (!this.#isStopped && group.state !== ShareState.CLOSED) run(group);
    });
  }

  async #take(group: ShareGroup): Promise<void> {
    const { cluster, clock } = this.#parts;
    const { key } = group;
    await cluster.claim(claimKey(ClaimKind.GROUP, key));
    const [record, offset] = await this.#read(group).catch((error: unknown) => {
      // Others may be able to read it, and would wait for this gateway for ever.
      if (group.state !== ShareState.CLOSED) this.release(group);
      throw error;
    });
    if (group.state === ShareState.CLOSED) return;
    group.savedRecord = record;
    group.resume(
      offset ?? group.offset,
      record === undefined ? [] : decodeShareRecord(record, key),
    );
    this.#since.set(group, clock.monotonic());
  }

  /** What the group's record and position are. */
  #read({ key, queue }: ShareGroup): Promise<[Buffer | undefined, QueueOffset | undefined]> {
    const { store } = this.#parts;
    return Promise.all([
      store.getState(StateSpace.SHARE, key),
      store.loadOffset(shareConsumer(key), queue),
    ]);
  }

  #giveAwayIfWanted(group: ShareGroup): void {
    if (!group.hasTurn || !this.#wanted.has(group.key)) return;
    const { clock } = this.#parts;
    const left = (this.#since.get(group) ?? 0) + SHORTEST_TURN_MS - clock.monotonic();
    if (group.state === ShareState.CAUGHT_UP || left <= 0) {
      this.#giveAway(group);
      return;
    }
    if (this.#wanted.get(group.key) !== undefined) return;
    const timer = clock.after(left, () => {
      if (group.state !== ShareState.CLOSED) this.#giveAway(group);
    });
    this.#wanted.set(group.key, timer);
  }

  /** What the next one has to know is saved in the commit in which the turn goes. */
  #giveAway(group: ShareGroup): void {
    const { log } = this.#parts;
    log.changed(group);
    log.saveGroup(group);
    this.release(group);
    group.yieldTurn();
    this.#parts.run(group);
  }
}
