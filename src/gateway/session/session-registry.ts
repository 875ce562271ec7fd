import { ErrorCode, LmqttError, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Clock } from '../../common/clock.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
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
import { SessionLoader } from './session-loader.ts';
import type { SessionObserver } from './session-observer.ts';
import type { SharedSubscriptions } from './shared-subscriptions.ts';

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
  readonly metadata: TopicMetadata;
  readonly live: LiveSubscriptions;
  readonly pump: DeliveryPump;
  readonly log: SessionLog;
  readonly shares: SharedSubscriptions;
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
  readonly #loader: SessionLoader;
  readonly #sessions = new Map<string, Session>();
  readonly #serial = new KeyedSerialQueue();
  readonly #offline: OfflineSessions;
  #observer: SessionObserver | undefined;
  readonly #expiry: SessionExpiry;

  constructor(options: SessionRegistryOptions) {
    this.#options = options;
    this.#expiry = new SessionExpiry(options.clock);
    this.#loader = new SessionLoader(options.store, options.shares, options.maxInflight);
    this.#offline = new OfflineSessions(options.store, options.stats, options.logger);
  }

  /** Who is told from now on; one at most. */
  observe(observer: SessionObserver): void {
    this.#observer = observer;
  }

  start(): void {
    this.#offline.start();
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
    const { clientId, cleanStart, expirySeconds } = opening;
    return this.#serial.run(clientId, async () => {
      const current = this.#sessions.get(clientId);
      if (current !== undefined) {
        this.#options.stats.takeovers++;
        this.#observer?.takenOver(clientId);
        const former = current.owner;
        current.owner = undefined;
        current.link = undefined;
        former?.takenOver();
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
      const { stats } = this.#options;
      stats.sessionsCurrent = this.#sessions.size;
      stats.sessionsMaximum = Math.max(stats.sessionsMaximum, this.#sessions.size);
      return opened;
    });
  }

  /**
   * Ends the stored sessions that nobody has come back for in time (MQTT 5 §3.1.2.11.2).
   * @param goesOn false = the rest is left for another time
   */
  async sweepExpired(goesOn: () => boolean = () => true): Promise<void> {
    if (!this.#expiry.begin()) return;
    try {
      await this.#endExpired(goesOn);
    } catch (error) {
      this.#expiry.lookAgain();
      throw error;
    }
  }

  async #endExpired(goesOn: () => boolean): Promise<void> {
    const { store } = this.#options;
    for await (const { key, value } of store.scanState(StateSpace.SESSION)) {
      if (!goesOn()) return;
      if (this.#sessions.has(key) || !this.#mayBeExpired(key, value)) continue;
      await this.#serial.run(key, async () => {
        const stored = await store.getState(StateSpace.SESSION, key);
        if (stored === undefined || this.#sessions.has(key) || !this.#expiry.isExpired(key, stored))
          return;
        await this.#discard(key, stored);
        this.#expired(key);
      });
    }
  }

  /** Begins delivery, in-flight messages first: CONNACK is in the output. */
  begin(session: Session): void {
    session.link = session.owner;
    session.sendSlot = session.inflight.head;
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
      await this.#end(session, session.expirySeconds === 0);
    });
  }

  /** Runs a task while the client has no session in memory; not at all when it has one. */
  whileAway(clientId: string, task: () => Promise<void>): Promise<void> {
    return this.#serial.run(clientId, async () => {
      if (!this.#sessions.has(clientId)) await task();
    });
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
    const { store, log } = this.#options;
    try {
      await store.committed(log.saveSession(session));
    } catch (error) {
      this.#release(session, false);
      throw error;
    }
  }

  /** Takes the session out of memory. `erase` forgets it altogether, as a clean session always is. */
  async #end(session: Session, erase: boolean): Promise<void> {
    const { store, log, clock, shares } = this.#options;
    let commit = 0;
    try {
      shares.takeBack(session, erase || !session.persistent);
      if (session.persistent && !erase) {
        commit = log.saveSession(session, clock.now());
        this.#offline.left(session.subscriptions.size);
        this.#expiry.left(session.expirySeconds);
      } else if (session.persistent) {
        commit = log.erase(session);
      }
    } finally {
      this.#release(session, erase);
    }
    if (commit > 0) await store.committed(commit);
  }

  /** Gives back everything that the session holds in memory. */
  #release(session: Session, erase: boolean): void {
    const { store, live, pump, log, stats, metadata, shares } = this.#options;
    log.forget(session);
    const queues = [...session.queues()];
    const isGone = erase || !session.persistent;
    for (const subscription of session.subscriptions.values()) {
      stats.subscriptionsCurrent--;
      if (subscription.isShared) {
        shares.leave(subscription);
        if (isGone) shares.release(subscription.filter, session.clientId, session.persistent);
        continue;
      }
      live.remove(subscription);
      if (isGone) metadata.release(subscription.filter, session.persistent);
    }
    shares.forget(session);
    for (const cursor of session.cursors()) pump.detach(cursor);
    for (const queue of queues) store.closeQueue(queue);
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
    if (stored !== undefined && !cleanStart && !this.#expiry.isExpired(clientId, stored)) {
      const session = await this.#loader.load(clientId, stored);
      session.expirySeconds = expirySeconds;
      this.#offline.gone(stored);
      this.#attach(session);
      // From now on a crash leaves messages that may have been delivered.
      await this.#saveOrRelease(session);
      return { session, present: true };
    }
    if (stored !== undefined) await this.#replace(clientId, stored);
    const persistent = expirySeconds > 0;
    const window = new InflightWindow<SessionCursor>(maxInflight);
    const session = new Session(clientId, persistent, clock.now(), window, expirySeconds);
    if (!persistent) return { session, present: false };
    const peerQueue = await store.openQueue(peerQueueName(clientId));
    const peerCursor = new Cursor(session, peerQueue, 2, peerQueue.nextOffset);
    peerCursor.dirty = true;
    this.#readPeerQueue(session, peerCursor);
    await this.#saveOrRelease(session);
    return { session, present: false };
  }

  /** Ends the stored session of a client that gets a new one. */
  async #replace(clientId: string, stored: Buffer): Promise<void> {
    const isExpired = this.#mayBeExpired(clientId, stored);
    await this.#discard(clientId, stored);
    if (isExpired) this.#expired(clientId);
    else this.#observer?.discarded(clientId);
  }

  #expired(clientId: string): void {
    this.#options.stats.sessionsExpired++;
    this.#observer?.expired(clientId);
  }

  /** False for one that cannot be read: it waits for its client, and the others do not wait for it. */
  #mayBeExpired(clientId: string, stored: Buffer): boolean {
    try {
      return this.#expiry.isExpired(clientId, stored);
    } catch (error) {
      this.#options.logger.warn({ clientId, error: messageOf(error) }, 'a session cannot be read');
      return false;
    }
  }

  /** Removes a stored session; one that cannot be read goes too, though its filters and offsets stay. */
  async #discard(clientId: string, stored: Buffer): Promise<void> {
    const { store, logger } = this.#options;
    this.#offline.gone(stored);
    try {
      const session = await this.#loader.load(clientId, stored);
      this.#attach(session);
      await this.#end(session, true);
    } catch (error) {
      if (!(error instanceof LmqttError) || error.code !== ErrorCode.STORE_CORRUPT) throw error;
      logger.error({ clientId, error: error.message }, 'discarding a session that cannot be read');
      store.deleteState(StateSpace.INFLIGHT, clientId);
      await store.committed(store.deleteState(StateSpace.SESSION, clientId));
    }
  }

  #attach(session: Session): void {
    const { live, pump, stats, shares } = this.#options;
    for (const subscription of session.subscriptions.values()) {
      stats.subscriptionsCurrent++;
      if (subscription.isShared) {
        shares.join(subscription);
        continue;
      }
      live.add(subscription);
      if (subscription.cursor !== undefined) pump.attach(subscription.cursor);
    }
    if (session.peerCursor !== undefined) pump.attach(session.peerCursor);
  }

  #readPeerQueue(session: Session, cursor: SessionCursor): void {
    session.peerCursor = cursor;
    this.#options.pump.attach(cursor);
  }
}
