import type { Clock } from '../../common/clock.ts';
import { TimedTurns } from '../../common/timed-turns.ts';
import type { Session } from './session.ts';

/** Cursors that are served for a session between two looks at the clock; few have so many at a time. */
const STEPS_AT_ONCE = 128;
/** Time of one turn of the event loop for sessions with more, ms. */
const WIDE_MS = 4;

/**
 * Turns of the event loop for sessions with very many cursors that have something: one message may be in ten thousand
 * queues of theirs, and what they acknowledge lets all of them go on (ADR 932).
 */
export class WideTurns {
  readonly #turns: TimedTurns;
  readonly #waiting = new Set<Session>();
  readonly #goOn: (session: Session) => void;

  /** @param goOn called in the turn of a session that has waited */
  constructor(clock: Clock, goOn: (session: Session) => void) {
    this.#turns = new TimedTurns(clock, WIDE_MS);
    this.#goOn = goOn;
  }

  /** Whether the session waits for its turn: nothing is to be served for it before. */
  awaits(session: Session): boolean {
    return this.#waiting.size > 0 && this.#waiting.has(session);
  }

  /** Whether the session is to stop here, and go on in a later turn. @param steps cursors served for it in a row, from 1 */
  putOff(session: Session, steps: number): boolean {
    if (steps % STEPS_AT_ONCE !== 0 || !this.#turns.isOver) return false;
    this.#wait(session);
    return true;
  }

  /** Apart from `putOff`, which is called for each cursor and would make room for what the function here holds. */
  #wait(session: Session): void {
    this.#waiting.add(session);
    this.#turns.share(() => {
      this.#waiting.delete(session);
      this.#goOn(session);
    });
  }
}
