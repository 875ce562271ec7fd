import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';
import type { TopicTable } from '../routing/topic-table.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { ShareLanes } from '../share/share-lanes.ts';
import type { Wills } from '../will/wills.ts';
import { ClaimKeeper } from './claim-keeper.ts';
import type { SilentStores } from './silent-stores.ts';

export interface StoreLanesParts {
  readonly stores: Stores;
  readonly metadata: TopicMetadata;
  readonly topics: TopicTable;
  readonly sessions: SessionRegistry;
  readonly shares: ShareLanes;
  readonly wills: Wills;
  readonly silent: SilentStores;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * A gateway's side of the stores: it keeps claims in each of them, and takes those in that are added while it
 * runs, so that everything subscribed is heard from there before a message goes there (ADR 501).
 */
export class StoreLanes {
  readonly #parts: StoreLanesParts;
  readonly #closeHomeless: () => void;
  /** Of the lanes whose claims are seen to. */
  readonly #keepers = new Map<Lane, ClaimKeeper>();

  /** @param closeHomeless closes the connections of clients that are at home in a silent store */
  constructor(parts: StoreLanesParts, closeHomeless: () => void) {
    this.#parts = parts;
    this.#closeHomeless = closeHomeless;
  }

  start(): void {
    const { stores, topics } = this.#parts;
    for (let lane = 0; lane < stores.spread.lanes; lane++) {
      if (stores.isJoined(lane)) this.#keepClaims(lane);
    }
    stores.onLaneAdded((lane) => this.#add(lane));
    stores.onSpreadChanged(() => {
      topics.spreadChanged();
    });
  }

  /** What dead gateways have left is seen to from now on: `shares` has started, in all stores that are joined. */
  groupsKnown(): void {
    for (const keeper of this.#keepers.values()) keeper.groupsKnown();
  }

  /** Everything is started: stores that were away may join. */
  started(): void {
    this.#parts.stores.onLaneJoined((lane) => this.#join(lane));
  }

  /** May be called again after it has failed. */
  async #join(lane: Lane): Promise<void> {
    const { metadata, shares, stores } = this.#parts;
    const store = stores.member(lane);
    metadata.laneJoined(lane, store);
    await shares.joinLane(lane);
    this.#keepClaims(lane)?.groupsKnown();
    await store.committed(store.openCommit);
  }

  /** May be called again after it has failed. */
  async #add(lane: Lane): Promise<void> {
    const { metadata, shares, sessions, stores, logger } = this.#parts;
    const keeper = this.#keepClaims(lane);
    metadata.laneAdded(lane);
    await shares.addLane(lane);
    keeper?.groupsKnown();
    await sessions.growth.addLane(lane);
    const store = stores.member(lane);
    await store.committed(store.openCommit);
    logger.info({ lane }, 'everything subscribed is heard from a store more');
  }

  /** Gives up what others ask for there. Undefined when there are no others. */
  #keepClaims(lane: Lane): ClaimKeeper | undefined {
    const { stores, sessions, wills, shares, clock, logger } = this.#parts;
    const cluster = stores.clusterOf(lane);
    const kept = this.#keepers.get(lane);
    if (cluster === undefined || kept !== undefined) return kept;
    const keeper = new ClaimKeeper({ cluster, lane, sessions, wills, shares, clock, logger });
    this.#keepers.set(lane, keeper);
    keeper.start();
    cluster.onSilent((isSilent) => {
      this.#silent(lane, isSilent);
    });
    return keeper;
  }

  #silent(lane: Lane, isSilent: boolean): void {
    const { silent, shares } = this.#parts;
    if (isSilent) {
      silent.add(lane);
      this.#closeHomeless();
    } else {
      silent.delete(lane);
      shares.at(lane).runAll();
    }
  }
}
