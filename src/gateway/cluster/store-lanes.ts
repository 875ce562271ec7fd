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
  readonly logger: Logger;
}

/**
 * A gateway's side of the stores: it keeps claims in each of them, and takes those in that are added while it
 * runs, so that everything subscribed is heard from there before a message goes there (ADR 501).
 */
export class StoreLanes {
  readonly #parts: StoreLanesParts;
  readonly #closeHomeless: () => void;
  /** Lanes whose claims are seen to. */
  readonly #kept = new Set<Lane>();

  /** @param closeHomeless closes the connections of clients that are at home in a silent store */
  constructor(parts: StoreLanesParts, closeHomeless: () => void) {
    this.#parts = parts;
    this.#closeHomeless = closeHomeless;
  }

  start(): void {
    const { stores, topics } = this.#parts;
    for (let lane = 0; lane < stores.spread.lanes; lane++) {
      // What dead gateways have left in groups is seen to when the groups are known.
      if (stores.isJoined(lane)) this.#keepClaims(lane);
    }
    stores.onLaneAdded((lane) => this.#add(lane));
    stores.onSpreadChanged(() => {
      topics.spreadChanged();
    });
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
    this.#keepClaims(lane);
    await store.committed(store.openCommit);
  }

  /** May be called again after it has failed. */
  async #add(lane: Lane): Promise<void> {
    const { metadata, shares, sessions, stores, logger } = this.#parts;
    this.#keepClaims(lane);
    metadata.laneAdded(lane);
    await shares.addLane(lane);
    await sessions.addLane(lane);
    const store = stores.member(lane);
    await store.committed(store.openCommit);
    logger.info({ lane }, 'everything subscribed is heard from a store more');
  }

  #keepClaims(lane: Lane): void {
    const { stores, sessions, wills, shares, logger } = this.#parts;
    const cluster = stores.clusterOf(lane);
    if (cluster === undefined || this.#kept.has(lane)) return;
    this.#kept.add(lane);
    new ClaimKeeper({ cluster, lane, sessions, wills, shares, logger }).start();
    cluster.onSilent((isSilent) => {
      this.#silent(lane, isSilent);
    });
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
