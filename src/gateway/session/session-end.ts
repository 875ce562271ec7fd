import type { Clock } from '../../common/clock.ts';
import type { OfflineSessions } from './offline-sessions.ts';
import type { Session } from './session.ts';
import type { SessionExpiry } from './session-expiry.ts';
import type { SessionLog } from './session-log.ts';
import type { SessionTable } from './session-table.ts';
import type { SessionWiring } from './session-wiring.ts';
import type { SharedSubscriptions } from './shared-subscriptions.ts';

export interface SessionEndParts {
  readonly table: SessionTable;
  readonly wiring: SessionWiring;
  readonly log: SessionLog;
  readonly shares: SharedSubscriptions;
  readonly offline: OfflineSessions;
  readonly expiry: SessionExpiry;
  readonly clock: Clock;
}

/** Takes sessions out of memory that have no connection. */
export class SessionEnd {
  readonly #parts: SessionEndParts;

  constructor(parts: SessionEndParts) {
    this.#parts = parts;
  }

  /**
   * Takes the session out of memory before the first await; resolves when what becomes of it is durable.
   * @param erase forgets it altogether, as a clean session always is
   */
  async end(session: Session, erase: boolean): Promise<void> {
    const { log, clock, shares, wiring } = this.#parts;
    const { persistent, lanes } = session;
    let ended: Promise<void> | undefined;
    try {
      shares.takeBack(session, erase || !persistent);
      if (persistent && !erase) {
        session.received.touch();
        ended = log.saveDurably(session, clock.now());
        this.#left(session);
      } else if (persistent) {
        ended = log.erase(session);
      }
    } finally {
      this.#release(session, erase);
    }
    if (ended !== undefined) await ended;
    // Not before it is gone from all stores: after a crash it would release them again, which are others' by then.
    if (erase && lanes !== undefined) wiring.releaseFilters(session);
  }

  /** Makes the session durable; when that fails, it does not stay in memory without a connection. */
  async saveOrRelease(session: Session): Promise<void> {
    session.received.touch();
    try {
      await this.#parts.log.saveDurably(session);
    } catch (error) {
      this.#release(session, false);
      throw error;
    }
  }

  /** The client has gone, and its session is in the store only. */
  #left(session: Session): void {
    this.#parts.offline.left(session.subscriptions.size);
    this.#parts.expiry.left(session.expirySeconds);
  }

  /** Gives back everything that the session holds in memory. */
  #release(session: Session, erase: boolean): void {
    const { log, wiring, table } = this.#parts;
    log.forget(session);
    wiring.detach(session, erase || !session.persistent);
    table.remove(session.clientId);
    session.onDrain?.();
  }
}
