import type { GatewayStats } from '../gateway-stats.ts';

/** Told of what becomes of sessions beside what their clients are told. Must not throw. */
export interface SessionObserver {
  /** A connection has taken the session from an earlier one of the same client. */
  takenOver(clientId: string): void;
  /** The client has asked for a new session, and its stored one is gone. */
  discarded(clientId: string): void;
  /** Nobody has come back in time: the stored session is gone. */
  expired(clientId: string): void;
}

/** Counts what becomes of sessions, and tells another observer, if there is one. */
export class CountingObserver implements SessionObserver {
  readonly #stats: GatewayStats;
  /** Who is told from now on. */
  next: SessionObserver | undefined;

  constructor(stats: GatewayStats) {
    this.#stats = stats;
  }

  takenOver(clientId: string): void {
    this.#stats.takeovers++;
    this.next?.takenOver(clientId);
  }

  discarded(clientId: string): void {
    this.next?.discarded(clientId);
  }

  expired(clientId: string): void {
    this.#stats.sessionsExpired++;
    this.next?.expired(clientId);
  }
}
