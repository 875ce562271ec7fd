import type { GatewayStats } from '../gateway-stats.ts';
import type { Session } from './session.ts';

/** The sessions in memory, one per client id. */
export class SessionTable {
  readonly #sessions = new Map<string, Session>();
  readonly #stats: GatewayStats;

  constructor(stats: GatewayStats) {
    this.#stats = stats;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  /** Whether it is the one of its client. */
  has(session: Session): boolean {
    return this.#sessions.get(session.clientId) === session;
  }

  clientIds(): IterableIterator<string> {
    return this.#sessions.keys();
  }

  add(session: Session): void {
    this.#sessions.set(session.clientId, session);
    const { size } = this.#sessions;
    this.#stats.sessionsCurrent = size;
    this.#stats.sessionsMaximum = Math.max(this.#stats.sessionsMaximum, size);
  }

  remove(clientId: string): void {
    this.#sessions.delete(clientId);
    this.#stats.sessionsCurrent = this.#sessions.size;
  }
}
