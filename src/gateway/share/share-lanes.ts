import { ErrorCode, StoreError } from '../../common/errors.ts';
import { parseSharedFilter, sharedFilterText } from '../../common/topic/shared-filter.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { Arrival } from '../../lmq/spi/types.ts';
import { acquireInLanes } from '../routing/lane-parts.ts';
import type { Session, SessionSubscription } from '../session/session.ts';
import type { SharedSource, SharedSubscriptions } from '../session/shared-subscriptions.ts';
import { cursorIn } from '../session/subscription.ts';
import { GroupSeeds } from './group-seeds.ts';
import type { AwayClients } from './lease-fetch.ts';
import type { ShareGroup } from './share-group.ts';
import { ShareGroups, type ShareGroupsParts } from './share-groups.ts';
import { sharedFiltersOf } from './stored-subscribers.ts';

/** As long as for anything else that a store is asked for, ms. */
const JOIN_TIMEOUT_MS = 30_000;

/**
 * The shared subscriptions of a gateway over all stores: in each store that its filter may lie in, a shared
 * subscription is a group of its own, with its position and its members there (ADR 501).
 */
export class ShareLanes implements SharedSubscriptions {
  readonly #parts: ShareGroupsParts;
  readonly #lanes: ShareGroups[] = [];
  readonly #seeds: GroupSeeds;
  #away: AwayClients | undefined;

  constructor(parts: ShareGroupsParts) {
    this.#parts = parts;
    this.#seeds = new GroupSeeds(parts);
    this.at(parts.stores.spread.lanes - 1);
  }

  /** The groups of one store. */
  at(lane: Lane): ShareGroups {
    const { length } = this.#lanes;
    for (let next = length; next <= lane; next++) {
      const groups = new ShareGroups(next, this.#parts);
      this.#lanes.push(groups);
      // Whoever waits for it is told when it fails.
      if (this.#away !== undefined) groups.start(this.#away).catch(() => undefined);
    }
    return this.#lanes[lane] as ShareGroups;
  }

  /** Groups of all stores, with members or without. */
  get size(): number {
    return this.#lanes.reduce((sum, groups) => sum + groups.size, 0);
  }

  find(key: string, lane: Lane = 0): ShareGroup | undefined {
    return this.at(lane).find(key);
  }

  /** Brings back what the stores have. */
  async start(away: AwayClients): Promise<void> {
    this.#away = away;
    const { stores } = this.#parts;
    const joined = [...this.#lanes.keys()].filter((lane) => stores.isJoined(lane));
    await Promise.all(joined.map((lane) => this.at(lane).start(away)));
    for (const lane of joined) await this.#seed(lane);
  }

  stop(): void {
    for (const groups of this.#lanes) groups.stop();
  }

  /**
   * A store is being added: groups with stored sessions begin there too. Those of sessions that are in memory
   * follow with `acquireAt`. May be called again when it has failed.
   */
  async addLane(lane: Lane): Promise<void> {
    const added = this.at(lane);
    if (this.#away !== undefined) await added.start(this.#away);
    await this.#seed(lane);
  }

  /**
   * A store that was away at the start is there: its groups are brought back, begin elsewhere where they lack, and
   * those of others there. May be called again when it has failed.
   */
  async joinLane(lane: Lane): Promise<void> {
    await this.addLane(lane);
    for (const other of this.#lanes.keys()) {
      if (other !== lane && this.#parts.stores.isJoined(other)) await this.#seed(other);
    }
  }

  /**
   * The gateway of a client with a stored session has died: other members get what it had.
   * @param isLate that the gateway's parts in groups are over may have been seen to before: with one store both come at once
   */
  async fetchFrom(clientId: string, isLate: boolean): Promise<void> {
    const { stores } = this.#parts;
    if (this.#lanes.length === 1 && !isLate) return;
    for (const filter of await sharedFiltersOf(stores, clientId)) {
      const share = parseSharedFilter(filter);
      if (share === undefined) continue;
      for (const lane of this.#lanesOf(share.filter)) {
        await this.at(lane).cluster?.fetchFrom(sharedFilterText(share), clientId);
      }
    }
  }

  /** Has the group hand out messages when it is this gateway's turn. */
  askForTurn(group: ShareGroup): void {
    this.at(group.queue.lane).cluster?.turns.ask(group);
  }

  acquire(filter: string, clientId: string): Promise<readonly SharedSource[]> {
    const user = { filter, clientId };
    return acquireInLanes(
      () => this.#lanesOfShared(filter),
      (lane) => {
        const joined = this.#joined(lane, filter);
        if (joined === undefined) return this.at(lane).acquire(user);
        return joined.then(() => this.at(lane).acquire(user));
      },
      (_group, lane) => {
        this.at(lane).abandon(user);
      },
    );
  }

  acquireAt(filter: string, clientId: string, lane: Lane): Promise<SharedSource> {
    return this.at(lane).acquire({ filter, clientId });
  }

  abandon(filter: string, clientId: string, lane: Lane): void {
    this.at(lane).abandon({ filter, clientId });
  }

  release(filter: string, clientId: string, durable: boolean): void {
    for (const lane of this.#lanesOfShared(filter)) {
      this.at(lane).release({ filter, clientId, durable });
    }
  }

  join(subscription: SessionSubscription, lane?: Lane): void {
    for (const one of lane === undefined ? this.#lanesOfShared(subscription.filter) : [lane]) {
      // It may be that it has no part in a store that is being added.
      if (cursorIn(subscription, one) !== undefined) this.at(one).join(subscription);
    }
  }

  leave(subscription: SessionSubscription): void {
    for (const groups of this.#lanes) groups.leave(subscription);
  }

  takeBack(session: Session, ends: boolean): void {
    for (const groups of this.#lanes) groups.takeBack(session, ends);
  }

  forget(session: Session): void {
    for (const groups of this.#lanes) groups.forget(session);
  }

  /** New records of a queue. */
  arrived(arrival: Arrival): void {
    this.#lanes[arrival.queue.lane]?.arrived(arrival);
  }

  /** Groups of other stores that one may lack. */
  async #seed(lane: Lane): Promise<void> {
    const { cluster: to } = this.at(lane);
    if (to === undefined) return;
    for (const { cluster: from } of this.#lanes) {
      if (from !== undefined && from !== to) await this.#seeds.sow(from, to, lane);
    }
  }

  /**
   * Undefined when the store is joined; who has users in a group there is not known before, and the last one here
   * would end it.
   * @throws StoreError (rejection) STORE_UNAVAILABLE when that takes too long
   */
  #joined(lane: Lane, filter: string): Promise<void> | undefined {
    const { stores, clock } = this.#parts;
    if (stores.isJoined(lane)) return undefined;
    return new Promise((resolve, reject) => {
      const late = clock.after(JOIN_TIMEOUT_MS, () => {
        const message = 'the groups of a store that was away at the start are not known yet';
        reject(new StoreError(ErrorCode.STORE_UNAVAILABLE, message, { retryable: true }));
      });
      void stores.whenJoined(parseSharedFilter(filter)?.filter ?? filter)?.then(() => {
        late.cancel();
        resolve();
      });
    });
  }

  #lanesOf(filter: string): readonly Lane[] {
    return this.#parts.stores.spread.lanesOfFilter(filter);
  }

  /** @throws RangeError when it is no shared filter */
  #lanesOfShared(filter: string): readonly Lane[] {
    const share = parseSharedFilter(filter);
    if (share === undefined) throw new RangeError(`not a shared filter: ${filter}`);
    return this.#lanesOf(share.filter);
  }
}
