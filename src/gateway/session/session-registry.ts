import { allOf } from '../../common/all-of.ts';
import type { Logger } from '../../common/logger.ts';
import type { Clock } from '../../common/clock.ts';
import { type Cluster, ClaimKind, claimKey } from '../../lmq/spi/cluster.ts';
import { lanesOfBits } from '../../lmq/spi/lane.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { onlyStore, type Stores } from '../../lmq/spi/stores.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { LiveSubscriptions } from '../routing/live-subscriptions.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';
import { Adoptions } from './adoptions.ts';
import type { DeliveryPump } from './delivery-pump.ts';
import { KeyedSerialQueue } from './keyed-serial-queue.ts';
import { LastOpening } from './last-opening.ts';
import { OfflineSessions } from './offline-sessions.ts';
import { PartClaims } from './part-claims.ts';
import { PeerQueues } from './peer-queues.ts';
import { SessionEnd } from './session-end.ts';
import { SessionExpiry } from './session-expiry.ts';
import type { Session, SessionLink } from './session.ts';
import type { SessionLanes } from './session-lanes.ts';
import type { SessionLog } from './session-log.ts';
import { SessionLoader } from './session-loader.ts';
import { CountingObserver, type SessionObserver } from './session-observer.ts';
import { SessionTable } from './session-table.ts';
import { SessionWiring } from './session-wiring.ts';
import type { SharedSubscriptions } from './shared-subscriptions.ts';
import {
  type FoundState,
  type OpenedSession,
  type SessionOpening,
  StoredSessions,
} from './stored-sessions.ts';
import { SubscriptionGrowth } from './subscription-growth.ts';

export interface SessionRegistryOptions {
  readonly store: LmqStore;
  /** What `store` consists of; unless given it is one. */
  readonly stores?: Stores;
  readonly metadata: TopicMetadata;
  readonly live: LiveSubscriptions;
  readonly pump: DeliveryPump;
  readonly log: SessionLog;
  readonly shares: SharedSubscriptions;
  /** The other gateways on the store; none unless given. */
  readonly cluster: Cluster | undefined;
  readonly stats: GatewayStats;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxInflight: number;
}

/**
 * The sessions of connected clients, one per client id. Opening and closing run one after another for
 * each client id, so that a takeover sees either all of the earlier connection or none of it.
 */
export class SessionRegistry {
  readonly #options: SessionRegistryOptions;
  readonly #table: SessionTable;
  readonly #serial = new KeyedSerialQueue();
  readonly #last = new LastOpening();
  readonly #offline: OfflineSessions;
  readonly #observer: CountingObserver;
  readonly #end: SessionEnd;
  readonly #stored: StoredSessions;
  /** Of sessions of dead gateways. */
  readonly adoptions: Adoptions;
  /** Claims in stores that are not the home of a session. */
  readonly parts: PartClaims;
  /** When stored sessions end. */
  readonly expiry: SessionExpiry;
  /** Has sessions read what is sent to their client alone. */
  readonly peerQueues: PeerQueues;
  /** Has subscriptions heard from stores that are added. */
  readonly growth: SubscriptionGrowth;

  constructor(options: SessionRegistryOptions) {
    const { store, shares, cluster, stats, clock, logger, maxInflight } = options;
    const stores = options.stores ?? onlyStore(store, cluster);
    const table = new SessionTable(stats);
    this.#options = options;
    this.#table = table;
    this.#offline = new OfflineSessions(store, stats, clock, logger);
    this.#observer = new CountingObserver(stats);
    this.expiry = new SessionExpiry(clock, logger, cluster === undefined);
    this.peerQueues = new PeerQueues({ ...options, table, serial: this.#serial });
    this.parts = new PartClaims(stores, table);
    this.growth = new SubscriptionGrowth({
      ...options,
      stores,
      table,
      parts: this.parts,
      serial: this.#serial,
    });
    const wiring = new SessionWiring(options);
    const common = { ...options, wiring, offline: this.#offline, expiry: this.expiry };
    this.#end = new SessionEnd({ ...common, table });
    this.#stored = new StoredSessions({
      ...common,
      stores,
      loader: new SessionLoader(store, shares, maxInflight, stores, this.parts),
      end: this.#end,
      peerQueues: this.peerQueues,
      observer: this.#observer,
    });
    this.adoptions = new Adoptions({
      whileAway: (clientId, task) => this.whileAway(clientId, task),
      lostGateway: (clientId) => this.#stored.lostGateway(clientId),
      releaseIfAway: (clientId) => {
        void this.#serial.run(clientId, () => {
          if (this.#table.get(clientId) === undefined) this.#releaseClaim(clientId);
          return Promise.resolve();
        });
      },
    });
  }

  /** Who is told from now on; one at most. */
  observe(observer: SessionObserver): void {
    this.#observer.next = observer;
  }

  start(): void {
    // Those of a cluster would be counted by every gateway.
    if (this.#options.cluster === undefined) this.#offline.start();
  }

  async stop(): Promise<void> {
    await this.#offline.stop();
  }

  get size(): number {
    return this.#table.size;
  }

  connected(clientId: string): Session | undefined {
    return this.#table.get(clientId);
  }

  /**
   * Gives the client its session: the one in memory (its connection is closed [MQTT-3.1.4-2]), the
   * stored one, or a new one. A clean one discards what there was [MQTT-3.1.2-6]. Resolves when the
   * result is durable; nothing is delivered before `begin`. Undefined when another connection of the client has come
   * while this one waited for its turn: it is to be closed.
   */
  open(asked: SessionOpening, link: SessionLink): Promise<OpenedSession | undefined> {
    const { clientId } = asked;
    this.#last.waits(asked);
    return this.#serial.run(clientId, async () => {
      const opening = this.#last.begin(asked);
      if (opening === undefined) {
        this.#observer.takenOver(clientId);
        return undefined;
      }
      try {
        return await this.#open(opening, link);
      } catch (error) {
        if (this.#table.get(clientId) === undefined) this.#releaseClaim(clientId);
        throw error;
      } finally {
        this.parts.end(clientId);
      }
    });
  }

  async #open(opening: SessionOpening, link: SessionLink): Promise<OpenedSession> {
    const { clientId, cleanStart, expirySeconds } = opening;
    const current = this.#table.get(clientId);
    let found: FoundState | undefined;
    if (current === undefined) {
      found = await this.#options.cluster?.claimWith(claimKey(ClaimKind.SESSION, clientId), () =>
        this.#stored.find(clientId),
      );
      this.parts.begin(clientId);
    } else {
      this.parts.begin(clientId);
      this.#endConnection(current);
      if (!cleanStart && current.persistent && current.expirySeconds > 0) {
        current.expirySeconds = expirySeconds;
        // What the former connection has heard must be durable before this one hears of it.
        await this.#end.saveOrRelease(current);
        current.owner = link;
        return { session: current, present: true, mayHaveWill: true };
      }
      await this.#end.end(current, cleanStart || current.expirySeconds === 0);
    }
    const opened = await this.#stored.takeOrCreate(opening, found);
    opened.session.owner = link;
    this.#table.add(opened.session);
    return opened;
  }

  /** Another connection takes the session over: the one that it has is closed [MQTT-3.1.4-2]. */
  #endConnection(session: Session): void {
    this.#observer.takenOver(session.clientId);
    const former = session.owner;
    session.owner = undefined;
    session.link = undefined;
    former?.takenOver();
  }

  /** Another gateway waits for the session. @param ended called when the connection here has ended, before it is given away */
  handOver(clientId: string, ended: (session: Session) => void): Promise<void> {
    return this.#serial.run(clientId, async () => {
      const current = this.#table.get(clientId);
      if (current === undefined) {
        this.#releaseClaim(clientId);
        return;
      }
      this.#endConnection(current);
      ended(current);
      await this.#endAndRelease(current);
    });
  }

  /** Ends a session that has no connection; what it has saved is seen by its next owner. */
  async #endAndRelease(session: Session): Promise<void> {
    const ended = this.#end.end(session, session.expirySeconds === 0);
    // What their stores have to keep is written: the next owner asks for them when the home is free.
    this.parts.release(session.clientId);
    // Its next owner has to find what every store has of it.
    if (session.lanes !== undefined) await ended;
    // In the commit of what was saved.
    this.#releaseClaim(session.clientId);
    await ended;
  }

  #releaseClaim(clientId: string): void {
    this.adoptions.released(clientId);
    this.parts.release(clientId);
    this.#options.cluster?.release(claimKey(ClaimKind.SESSION, clientId));
  }

  /** The stored session of a client that nobody has come back for in time: ends it. */
  endIfExpired(clientId: string): Promise<void> {
    return this.whileAway(clientId, () => this.#stored.endIfExpired(clientId));
  }

  /** Begins delivery, in-flight messages first: CONNACK is in the output. */
  begin(session: Session): void {
    session.link = session.owner;
    session.sendSlot = session.inflight.head;
    if (session.lanes !== undefined) session.lanes.passedSlot = -1;
    session.onDrain?.();
    this.#options.pump.run(session);
  }

  /** The connection has gone: a clean session ends, a persistent one is saved and leaves memory. */
  close(session: Session, link: SessionLink): Promise<void> {
    return this.#serial.run(session.clientId, async () => {
      // Another connection may have taken the session over meanwhile.
      if (session.owner !== link) return;
      session.owner = undefined;
      session.link = undefined;
      await this.#endAndRelease(session);
    });
  }

  /** Runs a task while the client has no session in memory, at any gateway; not at all when it has one. */
  whileAway(clientId: string, task: () => Promise<void>): Promise<void> {
    return this.#serial.run(clientId, async () => {
      if (this.#table.get(clientId) !== undefined) return;
      const key = claimKey(ClaimKind.SESSION, clientId);
      if ((await this.#options.cluster?.claimIfFree(key)) === false) return;
      this.parts.begin(clientId);
      try {
        await task();
      } finally {
        this.parts.end(clientId);
        if (this.adoptions.isOpen(clientId)) this.parts.release(clientId);
        else this.#releaseClaim(clientId);
      }
    });
  }

  /**
   * Lanes, as bits, that may have something of the session from now on; resolves when its record says so, and this gateway has the parts.
   * @throws StoreError (rejection) when a store cannot be reached
   */
  async listLanes(session: Session, lanes: SessionLanes, listed: number): Promise<void> {
    const wanted = lanesOfBits(listed);
    await allOf([
      this.parts.take(session, wanted),
      this.#options.log.listLanes(session, lanes, listed),
    ]);
  }

  /** Client ids with a session being opened or closed. */
  get busy(): number {
    return this.#serial.size;
  }
}
