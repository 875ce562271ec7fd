import type { Clock, Timer } from '../../common/clock.ts';
import type { Session } from './session.ts';

const NOTHING_DUE: readonly Session[] = [];
/** Time that a round of saving has of one turn, ms. */
export const SAVE_MS: number = 4;
/** Bytes of in-flight records in a round, after which windows of `LARGE_WINDOW` messages and more wait for the next one. */
export const ROUND_BYTES: number = 4 * 1024 * 1024;
const LARGE_WINDOW = 512;

/** Something else whose progress is saved with that of the sessions. */
export interface Progress {
  save(): void;
}

/**
 * The sessions whose progress is not saved, and when they are: at an interval, in as many turns of the event loop as it
 * takes, so that nobody waits for all of it (ADR 912).
 */
export class SaveRounds {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #roundBytes: number;
  readonly #write: (session: Session) => void;
  readonly #dirty = new Set<Session>();
  readonly #others = new Set<Progress>();
  #timer: Timer | undefined;
  /** The sessions of the round that is under way, and the first of them that has not been looked at. */
  #due: readonly Session[] = NOTHING_DUE;
  #nextDue = 0;
  /** Bytes of in-flight records that have been written in it. */
  #windowBytes = 0;

  /**
   * @param roundBytes of in-flight records that are written in one interval, and large ones not beyond
   * @param write saves the progress of a session, of which it calls `forget`
   */
  constructor(
    clock: Clock,
    intervalMs: number,
    roundBytes: number,
    write: (session: Session) => void,
  ) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#roundBytes = roundBytes;
    this.#write = write;
  }

  /** What waits to be saved. */
  get size(): number {
    return this.#dirty.size + this.#others.size;
  }

  start(): void {
    this.#timer = this.#clock.every(this.#intervalMs, () => {
      this.#saveRound();
    });
  }

  /** Saves what waits; there are no more rounds. */
  stop(): void {
    this.#timer?.cancel();
    this.#due = NOTHING_DUE;
    this.flush();
  }

  /** Saves all that waits, in this turn. */
  flush(): void {
    for (const session of this.#dirty) this.#write(session);
    for (const progress of [...this.#others]) progress.save();
  }

  /** To be saved in the next round. */
  add(session: Session): void {
    if (session.dirty) return;
    session.dirty = true;
    this.#dirty.add(session);
  }

  /** It is being saved, or is not to be. */
  forget(session: Session): void {
    this.#dirty.delete(session);
    session.dirty = false;
  }

  /** `progress.save` is called in the next round, unless it is called before. */
  addOther(progress: Progress): void {
    this.#others.add(progress);
  }

  /** It has been saved, or is not to be. */
  forgetOther(progress: Progress): void {
    this.#others.delete(progress);
  }

  /** An in-flight record has been written, in a round or beside it. */
  wroteWindow(bytes: number): void {
    this.#windowBytes += bytes;
  }

  #saveRound(): void {
    for (const progress of [...this.#others]) progress.save();
    // The round before is not through: it goes on.
    if (this.#due.length > 0) return;
    this.#due = [...this.#dirty];
    this.#nextDue = 0;
    this.#windowBytes = 0;
    this.#saveSome();
  }

  readonly #saveSome = (): void => {
    const due = this.#due;
    const until = this.#clock.monotonic() + SAVE_MS;
    while (this.#nextDue < due.length) {
      const session = due[this.#nextDue++] as Session;
      // Saved, or ended, since the round has begun; or its turn comes with the next one, in which it is among the first.
      if (!session.dirty || this.#isPutOff(session)) continue;
      this.#write(session);
      if (this.#clock.monotonic() < until) continue;
      setImmediate(this.#saveSome);
      return;
    }
    this.#due = NOTHING_DUE;
  };

  /** Many entries, each of which may be a run of its own, and enough has been written in this round. */
  #isPutOff({ inflight }: Session): boolean {
    return this.#windowBytes >= this.#roundBytes && inflight.tail - inflight.head >= LARGE_WINDOW;
  }
}
