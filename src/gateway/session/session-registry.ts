import { ErrorCode, LmqttError, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Clock } from '../../common/clock.ts';
import { type Cluster, ClaimKind, claimKey } from '../../lmq/spi/cluster.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { onlyStore, type Stores } from '../../lmq/spi/stores.ts';
import { peerOfQueue, peerQueueName } from '../../lmq/spi/queue-name.ts';
import { type Arrival, StateSpace } from '../../lmq/spi/types.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { LiveSubscriptions } from '../routing/live-subscriptions.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';
import { Cursor } from './cursor.ts';
import type { DeliveryPump } from './delivery-pump.ts';
import { InflightWindow } from './inflight-window.ts';
import { KeyedSerialQueue } from './keyed-serial-queue.ts';
import { OfflineSessions } from './offline-sessions.ts';
import { SessionExpiry } from './session-expiry.ts';
import { Session, type SessionLink, type SessionCursor } from './session.ts';
import type { SessionLog } from './session-log.ts';
import { lanesFor, type SessionLanes } from './session-lanes.ts';
import { SessionLoader } from './session-loader.ts';
import { diedWithGateway, isConnected } from './session-record.ts';
import type { SessionObserver } from './session-observer.ts';
import { SessionWiring } from './session-wiring.ts';
import type { SharedSubscriptions } from './shared-subscriptions.ts';
import { SubscriptionGrowth } from './subscription-growth.ts';

/** Sessions at a time that a store which is being added is asked for. */
const ADDED_AT_ONCE = 64;

/** What CONNECT says of its session. */
export interface SessionOpening {
  readonly clientId: string;
  /** Discard what there is [MQTT-3.1.2-6] [MQTT5-3.1.2-4]. */
  readonly cleanStart: boolean;
  /** How long it outlives its connection; 0 = not at all, which is 'clean session' in 3.1.1. */
  readonly expirySeconds: number;
}

export interface OpenedSession {
  readonly session: Session;
  /** State of an earlier connection goes on [MQTT-3.2.2-2]. */
  readonly present: boolean;
}

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
  readonly #stores: Stores;
  readonly #loader: SessionLoader;
  readonly #wiring: SessionWiring;
  readonly #sessions = new Map<string, Session>();
  readonly #serial = new KeyedSerialQueue();
  readonly #offline: OfflineSessions;
  #observer: SessionObserver | undefined;
  /** When stored sessions end. */
  readonly expiry: SessionExpiry;
  /** Has subscriptions heard from stores that are added. */
  readonly growth: SubscriptionGrowth;

  constructor(options: SessionRegistryOptions) {
    this.#options = options;
    this.#stores = options.stores ?? onlyStore(options.store, options.cluster);
    this.expiry = new SessionExpiry(options.clock, options.logger, options.cluster === undefined);
    const { store, shares, maxInflight } = options;
    this.#loader = new SessionLoader(store, shares, maxInflight, this.#stores);
    this.#wiring = new SessionWiring(options);
    this.growth = new SubscriptionGrowth({
      ...options,
      stores: this.#stores,
      isInMemory: (session) => this.#sessions.get(session.clientId) === session,
    });
    this.#offline = new OfflineSessions(store, options.stats, options.clock, options.logger);
  }

  /** Who is told from now on; one at most. */
  observe(observer: SessionObserver): void {
    this.#observer = observer;
  }

  start(): void {
    // Those of a cluster would be counted by every gateway.
    if (this.#options.cluster === undefined) this.#offline.start();
  }

  async stop(): Promise<void> {
    await this.#offline.stop();
  }

  get size(): number {
    return this.#sessions.size;
  }

  connected(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  /**
   * Gives the client its session: the one in memory (its connection is closed [MQTT-3.1.4-2]), the
   * stored one, or a new one. A clean one discards what there was [MQTT-3.1.2-6]. Resolves when the
   * result is durable; nothing is delivered before `begin`.
   */
  open(opening: SessionOpening, link: SessionLink): Promise<OpenedSession> {
    const { clientId } = opening;
    return this.#serial.run(clientId, async () => {
      try {
        return await this.#open(opening, link);
      } catch (error) {
        if (!this.#sessions.has(clientId)) this.#releaseClaim(clientId);
        throw error;
      }
    });
  }

  async #open(opening: SessionOpening, link: SessionLink): Promise<OpenedSession> {
    const { clientId, cleanStart, expirySeconds } = opening;
    const { stats, cluster } = this.#options;
    const current = this.#sessions.get(clientId);
    if (current === undefined) {
      await cluster?.claim(claimKey(ClaimKind.SESSION, clientId));
    } else {
      this.#endConnection(current);
      if (!cleanStart && current.persistent && current.expirySeconds > 0) {
        current.expirySeconds = expirySeconds;
        // What the former connection has heard must be durable before this one hears of it.
        await this.#saveOrRelease(current);
        current.owner = link;
        return { session: current, present: true };
      }
      await this.#end(current, cleanStart || current.expirySeconds === 0);
    }
    const opened = await this.#loadOrCreate(opening);
    opened.session.owner = link;
    this.#sessions.set(clientId, opened.session);
    stats.sessionsCurrent = this.#sessions.size;
    stats.sessionsMaximum = Math.max(stats.sessionsMaximum, this.#sessions.size);
    return opened;
  }

  /** Another connection takes the session over: the one that it has is closed [MQTT-3.1.4-2]. */
  #endConnection(session: Session): void {
    this.#options.stats.takeovers++;
    this.#observer?.takenOver(session.clientId);
    const former = session.owner;
    session.owner = undefined;
    session.link = undefined;
    former?.takenOver();
  }

  /**
   * The client has connected to another gateway, which waits for the session.
   * @param ended called when the connection here counts as ended, before the session is given away
   */
  handOver(clientId: string, ended: (session: Session) => void): Promise<void> {
    return this.#serial.run(clientId, async () => {
      const current = this.#sessions.get(clientId);
      if (current === undefined) {
        this.#releaseClaim(clientId);
        return;
      }
      this.#endConnection(current);
      ended(current);
      await this.#endAndRelease(current);
    });
  }

  /**
   * The gateway of the client is dead: its session is offline from now on, unless somebody has it.
   * @param task runs while this gateway owns the session
   */
  adopt(clientId: string, task: () => Promise<void>): Promise<void> {
    const { store, clock } = this.#options;
    return this.whileAway(clientId, async () => {
      const stored = await store.getState(StateSpace.SESSION, clientId);
      if (stored !== undefined && isConnected(stored)) {
        store.putState(StateSpace.SESSION, clientId, diedWithGateway(stored, clock.now()));
        this.expiry.lookAgain();
      }
      await task();
    });
  }

  /** Ends a session that has no connection; what it has saved is seen by its next owner. */
  async #endAndRelease(session: Session): Promise<void> {
    const ended = this.#end(session, session.expirySeconds === 0);
    // Its next owner has to find what every store has of it.
    if (session.lanes !== undefined) await ended;
    // In the commit of what was saved.
    this.#releaseClaim(session.clientId);
    await ended;
  }

  #releaseClaim(clientId: string): void {
    this.#options.cluster?.release(claimKey(ClaimKind.SESSION, clientId));
  }

  /** The stored session of a client that nobody has come back for in time: ends it. */
  endIfExpired(clientId: string): Promise<void> {
    return this.whileAway(clientId, async () => {
      const stored = await this.#options.store.getState(StateSpace.SESSION, clientId);
      if (stored === undefined || !this.expiry.isExpired(clientId, stored)) return;
      await this.#discard(clientId, stored);
      this.#expired(clientId);
    });
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
      if (this.#sessions.has(clientId)) return;
      const key = claimKey(ClaimKind.SESSION, clientId);
      if ((await this.#options.cluster?.claimIfFree(key)) === false) return;
      try {
        await task();
      } finally {
        this.#releaseClaim(clientId);
      }
    });
  }

  /**
   * A store is being added: when this resolves, everything that sessions in memory subscribe is heard from it.
   * @throws StoreError when it cannot be reached; to be tried again then
   */
  async addLane(lane: Lane): Promise<void> {
    const clientIds = [...new Set([...this.#sessions.keys(), ...this.#serial.keys()])];
    for (let first = 0; first < clientIds.length; first += ADDED_AT_ONCE) {
      await Promise.all(
        clientIds.slice(first, first + ADDED_AT_ONCE).map((clientId) =>
          this.#serial.run(clientId, async () => {
            const session = this.#sessions.get(clientId);
            if (session !== undefined) await this.growth.addLane(session, lane);
          }),
        ),
      );
    }
  }

  /** Client ids with a session being opened or closed. */
  get busy(): number {
    return this.#serial.size;
  }

  /** New records in a queue that nobody reads: it may be the peer queue of a client that is here. */
  arrivedUnread(arrival: Arrival): void {
    const clientId = peerOfQueue(arrival.queue.name);
    if (clientId === undefined) return;
    const session = this.#sessions.get(clientId);
    if (session === undefined || session.peerCursor !== undefined) return;
    session.peerFirst ??= arrival.firstOffset;
    if (session.peerOpening) return;
    this.readPeerQueue(session).catch((error: unknown) => {
      this.#options.logger.error(
        { clientId, error: messageOf(error) },
        'opening a peer queue failed',
      );
    });
  }

  /** Has the session read its peer queue, from what comes in from now on, if it does not yet. */
  readPeerQueue(session: Session): Promise<void> {
    session.peerOpening = true;
    return this.#serial.run(session.clientId, () => this.#openPeerQueue(session));
  }

  async #openPeerQueue(session: Session): Promise<void> {
    const { store, pump } = this.#options;
    if (session.peerCursor !== undefined) return;
    const queue = await store.openQueue(peerQueueName(session.clientId)).finally(() => {
      session.peerOpening = false;
    });
    if (this.#sessions.get(session.clientId) !== session) {
      store.closeQueue(queue);
      return;
    }
    const offset = session.peerFirst ?? queue.maxOffset;
    this.#readPeerQueue(session, new Cursor(session, queue, 2, offset));
    pump.run(session);
  }

  /** Makes the session durable; when that fails, it does not stay in memory without a connection. */
  async #saveOrRelease(session: Session): Promise<void> {
    try {
      await this.#options.log.saveDurably(session);
    } catch (error) {
      this.#release(session, false);
      throw error;
    }
  }

  /** Takes the session out of memory. `erase` forgets it altogether, as a clean session always is. */
  async #end(session: Session, erase: boolean): Promise<void> {
    if (session.lanes !== undefined) {
      await this.#endInLanes(session, session.lanes, erase);
      return;
    }
    const { store, log, clock, shares } = this.#options;
    let commit = 0;
    try {
      shares.takeBack(session, erase || !session.persistent);
      if (session.persistent && !erase) {
        commit = log.saveSession(session, clock.now());
        this.#left(session);
      } else if (session.persistent) {
        commit = log.erase(session);
      }
    } finally {
      this.#release(session, erase);
    }
    if (commit > 0) await store.committed(commit);
  }

  /** The same for one that several stores have something of. */
  async #endInLanes(session: Session, lanes: SessionLanes, erase: boolean): Promise<void> {
    const { log, clock, shares } = this.#options;
    let ended: Promise<void> | undefined;
    try {
      shares.takeBack(session, erase);
      if (erase) {
        ended = log.eraseDurably(session, lanes);
      } else {
        ended = log.saveDurably(session, clock.now());
        this.#left(session);
      }
    } finally {
      this.#release(session, erase);
    }
    await ended;
    // Not before it is gone: after a crash it would release them again, which are others' by then.
    if (erase) this.#wiring.releaseFilters(session);
  }

  /** The client has gone, and its session is in the store only. */
  #left(session: Session): void {
    this.#offline.left(session.subscriptions.size);
    this.expiry.left(session.expirySeconds);
  }

  /** Gives back everything that the session holds in memory. */
  #release(session: Session, erase: boolean): void {
    const { log, stats } = this.#options;
    log.forget(session);
    this.#wiring.detach(session, erase || !session.persistent);
    this.#sessions.delete(session.clientId);
    session.onDrain?.();
    stats.sessionsCurrent = this.#sessions.size;
  }

  async #loadOrCreate({
    clientId,
    cleanStart,
    expirySeconds,
  }: SessionOpening): Promise<OpenedSession> {
    const { store, clock, maxInflight } = this.#options;
    const stored = await store.getState(StateSpace.SESSION, clientId);
    if (stored !== undefined && !cleanStart && !this.expiry.isExpired(clientId, stored)) {
      const session = await this.#loader.load(clientId, stored);
      session.expirySeconds = expirySeconds;
      this.#offline.gone(stored);
      this.#wiring.attach(session);
      // From now on a crash leaves messages that may have been delivered.
      await this.#saveOrRelease(session);
      return { session, present: true };
    }
    if (stored !== undefined) await this.#replace(clientId, stored);
    const persistent = expirySeconds > 0;
    const window = new InflightWindow<SessionCursor>(maxInflight);
    const session = new Session(clientId, persistent, clock.now(), window, expirySeconds);
    if (!persistent) return { session, present: false };
    session.lanes = lanesFor(this.#stores, clientId);
    const peerQueue = await store.openQueue(peerQueueName(clientId));
    const peerCursor = new Cursor(session, peerQueue, 2, peerQueue.nextOffset);
    peerCursor.dirty = true;
    this.#readPeerQueue(session, peerCursor);
    await this.#saveOrRelease(session);
    return { session, present: false };
  }

  /** Ends the stored session of a client that gets a new one. */
  async #replace(clientId: string, stored: Buffer): Promise<void> {
    const isExpired = this.expiry.mayBeExpired(clientId, stored);
    await this.#discard(clientId, stored);
    if (isExpired) this.#expired(clientId);
    else this.#observer?.discarded(clientId);
  }

  #expired(clientId: string): void {
    this.#options.stats.sessionsExpired++;
    this.#observer?.expired(clientId);
  }

  /** Removes a stored session; one that cannot be read goes too, though its filters and offsets stay. */
  async #discard(clientId: string, stored: Buffer): Promise<void> {
    const { store, logger } = this.#options;
    this.#offline.gone(stored);
    try {
      const session = await this.#loader.load(clientId, stored);
      this.#wiring.attach(session);
      await this.#end(session, true);
    } catch (error) {
      if (!(error instanceof LmqttError) || error.code !== ErrorCode.STORE_CORRUPT) throw error;
      logger.error({ clientId, error: error.message }, 'discarding a session that cannot be read');
      for (let lane = 0; lane < this.#stores.spread.lanes; lane++) {
        this.#stores.member(lane).deleteState(StateSpace.INFLIGHT, clientId);
      }
      await store.committed(store.deleteState(StateSpace.SESSION, clientId));
    }
  }

  #readPeerQueue(session: Session, cursor: SessionCursor): void {
    session.peerCursor = cursor;
    this.#options.pump.attach(cursor);
  }
}
