import type { Clock } from '../../common/clock.ts';
import { ErrorCode, LmqttError } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import { InflightWindow } from './inflight-window.ts';
import type { OfflineSessions } from './offline-sessions.ts';
import type { PeerQueues } from './peer-queues.ts';
import { deleteReceivedPages } from './received-pages.ts';
import { Session, type SessionCursor } from './session.ts';
import type { SessionEnd } from './session-end.ts';
import type { SessionExpiry } from './session-expiry.ts';
import { lanesFor } from './session-lanes.ts';
import type { SessionLoader } from './session-loader.ts';
import type { SessionObserver } from './session-observer.ts';
import { diedWithGateway, isConnected } from './session-record.ts';
import type { SessionWiring } from './session-wiring.ts';

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
  /** False when its home is known to have no will of an earlier connection. */
  readonly mayHaveWill: boolean;
}

/** What the home of a session has of its client. */
export interface FoundState {
  readonly session: Buffer | undefined;
  readonly inflight: Buffer | undefined;
  readonly hasWill: boolean;
}

export interface StoredSessionsParts {
  readonly store: LmqStore;
  readonly stores: Stores;
  readonly loader: SessionLoader;
  readonly wiring: SessionWiring;
  readonly end: SessionEnd;
  readonly peerQueues: PeerQueues;
  readonly offline: OfflineSessions;
  readonly expiry: SessionExpiry;
  readonly observer: SessionObserver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxInflight: number;
}

/** Sessions of clients that are away: what the store has of them. The caller sees to it that nobody else takes one. */
export class StoredSessions {
  readonly #parts: StoredSessionsParts;

  constructor(parts: StoredSessionsParts) {
    this.#parts = parts;
  }

  /** All that there is to know before queues can be opened, in one turn. */
  async find(clientId: string): Promise<FoundState> {
    const { stores } = this.#parts;
    const home = stores.member(stores.spread.homeOf(clientId));
    const [session, inflight, will] = await Promise.all([
      home.getState(StateSpace.SESSION, clientId),
      home.getState(StateSpace.INFLIGHT, clientId),
      home.getState(StateSpace.WILL, clientId),
    ]);
    return { session, inflight, hasWill: will !== undefined };
  }

  /**
   * The client's session, or a new one if there is none, or if it is not to go on; durable when this resolves.
   * @param found what its home has of it, if that has been asked
   */
  async takeOrCreate(opening: SessionOpening, found?: FoundState): Promise<OpenedSession> {
    const { clientId, cleanStart, expirySeconds } = opening;
    const { store, loader, offline, wiring, expiry, end } = this.#parts;
    const mayHaveWill = found?.hasWill !== false;
    const stored =
      found === undefined ? await store.getState(StateSpace.SESSION, clientId) : found.session;
    if (stored !== undefined && !cleanStart && !expiry.isExpired(clientId, stored)) {
      const session = await loader.load(clientId, stored, found);
      session.expirySeconds = expirySeconds;
      offline.gone(stored);
      wiring.attach(session);
      // From now on a crash leaves messages that may have been delivered.
      await end.saveOrRelease(session);
      return { session, present: true, mayHaveWill };
    }
    if (stored !== undefined) await this.#replace(clientId, stored);
    return { session: await this.#create(clientId, expirySeconds), present: false, mayHaveWill };
  }

  async #create(clientId: string, expirySeconds: number): Promise<Session> {
    const { stores, clock, end, peerQueues, maxInflight } = this.#parts;
    const persistent = expirySeconds > 0;
    const window = new InflightWindow<SessionCursor>(maxInflight);
    const session = new Session(clientId, persistent, clock.now(), window, expirySeconds);
    if (!persistent) return session;
    session.lanes = lanesFor(stores, clientId);
    await peerQueues.openNew(session);
    await end.saveOrRelease(session);
    return session;
  }

  /** Nobody has come back for it in time: ends it. */
  async endIfExpired(clientId: string): Promise<void> {
    const { store, expiry, observer } = this.#parts;
    const stored = await store.getState(StateSpace.SESSION, clientId);
    if (stored === undefined || !expiry.isExpired(clientId, stored)) return;
    await this.#discard(clientId, stored);
    observer.expired(clientId);
  }

  /** The gateway of its client is dead: from now on it counts as offline. */
  async lostGateway(clientId: string): Promise<void> {
    const { store, clock, expiry } = this.#parts;
    const stored = await store.getState(StateSpace.SESSION, clientId);
    if (stored === undefined || !isConnected(stored)) return;
    store.putState(StateSpace.SESSION, clientId, diedWithGateway(stored, clock.now()));
    expiry.lookAgain();
  }

  /** Ends that of a client that gets a new one. */
  async #replace(clientId: string, stored: Buffer): Promise<void> {
    const { expiry, observer } = this.#parts;
    const isExpired = expiry.mayBeExpired(clientId, stored);
    await this.#discard(clientId, stored);
    if (isExpired) observer.expired(clientId);
    else observer.discarded(clientId);
  }

  /** Removes one; if it cannot be read it goes too, though its filters and offsets stay. */
  async #discard(clientId: string, stored: Buffer): Promise<void> {
    const { store, stores, loader, wiring, end, offline, logger } = this.#parts;
    offline.gone(stored);
    try {
      const session = await loader.load(clientId, stored);
      wiring.attach(session);
      await end.end(session, true);
    } catch (error) {
      if (!(error instanceof LmqttError) || error.code !== ErrorCode.STORE_CORRUPT) throw error;
      logger.error({ clientId, error: error.message }, 'discarding a session that cannot be read');
      for (let lane = 0; lane < stores.spread.lanes; lane++) {
        deleteReceivedPages(stores.member(lane), clientId);
        stores.member(lane).deleteState(StateSpace.INFLIGHT, clientId);
      }
      await store.committed(store.deleteState(StateSpace.SESSION, clientId));
    }
  }
}
