import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { QueueOffset } from '../../lmq/spi/types.ts';
import { endsOfElders, SWITCH_PAUSE_MS } from '../session/elder-ends.ts';
import type { GroupHold } from './group-hold.ts';
import { type ShareGroup, ShareState } from './share-group.ts';
import type { ShareLog } from './share-log.ts';

/** After a store could not be asked, ms. */
const RETRY_MS = 1000;

export interface HeldGroupsParts {
  readonly stores: Stores;
  /** A group of this gateway in a store. */
  readonly find: (key: string, lane: Lane) => ShareGroup | undefined;
  readonly log: ShareLog;
  readonly run: (group: ShareGroup) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps the order of topics that have moved to a newer store for each member of a shared group (docs/adr/0621): a gateway
 * hands nothing out from there until the group has passed what the older stores had, and that is durable. Whether it
 * has is known to who has the turn there, so the gateway asks for that turn, as ever.
 */
export class HeldGroups {
  readonly #parts: HeldGroupsParts;

  constructor(parts: HeldGroupsParts) {
    this.#parts = parts;
  }

  /** There may be something for a group that has to wait: has it run when it need not any more. */
  wait(group: ShareGroup, after: GroupHold): void {
    if (after.isBusy || group.nextOffset >= group.queue.maxOffset) return;
    if (after.upTo === undefined) void this.#ask(group, after);
    else if (this.#hasPassed(group, after, after.upTo)) this.#end(group, after);
  }

  /** A group that others wait for has handed messages out, or may have. */
  progressed(elder: ShareGroup): void {
    const { waiting } = elder;
    elder.waiting = undefined;
    for (const group of waiting ?? []) {
      if (group.after !== undefined && group.state !== ShareState.CLOSED) {
        this.wait(group, group.after);
      }
    }
  }

  #hasPassed(group: ShareGroup, { lanes }: GroupHold, upTo: readonly QueueOffset[]): boolean {
    let hasPassed = true;
    for (const [i, lane] of lanes.entries()) {
      const elder = this.#parts.find(group.key, lane);
      // Whoever is a member is one in the older stores first.
      if (elder === undefined || elder.nextOffset >= (upTo[i] as number)) continue;
      (elder.waiting ??= new Set()).add(group);
      hasPassed = false;
    }
    return hasPassed;
  }

  async #ask(group: ShareGroup, after: GroupHold): Promise<void> {
    const { stores, logger, run } = this.#parts;
    after.isBusy = true;
    const { key, queue } = group;
    try {
      const upTo = await endsOfElders(stores, queue.lane, queue.name, after.lanes);
      if (upTo === undefined) {
        this.#later(group, after, SWITCH_PAUSE_MS);
        return;
      }
      after.upTo = upTo;
    } catch (error) {
      const fields = { group: group.key, error: messageOf(error) };
      logger.warn(fields, 'messages of a newer store wait for an older one');
      this.#later(group, after, RETRY_MS);
      return;
    }
    after.isBusy = false;
    for (const lane of after.lanes) {
      const elder = this.#parts.find(key, lane);
      if (elder !== undefined) run(elder);
    }
    if (group.state !== ShareState.CLOSED) run(group);
  }

  /** After a crash the order would be another one if that were not durable. */
  #end(group: ShareGroup, after: GroupHold): void {
    const { stores, log, run, logger } = this.#parts;
    after.isBusy = true;
    const commits = after.lanes.map((lane) => {
      const elder = this.#parts.find(group.key, lane);
      if (elder?.hasTurn === true) {
        log.changed(elder);
        log.saveGroup(elder);
      }
      const store = stores.member(lane);
      return store.committed(store.openCommit);
    });
    Promise.all(commits).then(
      () => {
        group.after = undefined;
        if (group.state !== ShareState.CLOSED) run(group);
      },
      (error: unknown) => {
        const fields = { group: group.key, error: messageOf(error) };
        logger.warn(fields, 'messages of a newer store wait for an older one');
        this.#later(group, after, RETRY_MS);
      },
    );
  }

  #later(group: ShareGroup, after: GroupHold, pauseMs: number): void {
    this.#parts.clock.after(pauseMs, () => {
      after.isBusy = false;
      if (group.state !== ShareState.CLOSED) this.#parts.run(group);
    });
  }
}
