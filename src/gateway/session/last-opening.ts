import type { SessionOpening } from './stored-sessions.ts';

/**
 * CONNECTs that wait for the session of one client identifier. Each ends the one before it [MQTT-3.1.4-2], so that only the
 * last of those that wait has to become its owner; the others are overtaken before they were.
 */
export class LastOpening {
  /** By client identifier. */
  readonly #last = new Map<string, SessionOpening>();
  /** Client identifiers whose session an overtaken CONNECT would have ended [MQTT-3.1.4-3]. */
  readonly #cleared = new Set<string>();

  /** To be called as they come. */
  waits(opening: SessionOpening): void {
    this.#last.set(opening.clientId, opening);
  }

  /** It is its turn: what to open, which begins anew where one before it would have; undefined when it is overtaken. */
  begin(opening: SessionOpening): SessionOpening | undefined {
    const { clientId, cleanStart, expirySeconds } = opening;
    if (this.#last.get(clientId) !== opening) {
      if (cleanStart || expirySeconds === 0) this.#cleared.add(clientId);
      return undefined;
    }
    this.#last.delete(clientId);
    return this.#cleared.delete(clientId) ? { ...opening, cleanStart: true } : opening;
  }
}
