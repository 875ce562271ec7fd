import type { Clock, Timer } from '../../common/clock.ts';

/** Part of the lease after which this node may count as dead soon: what is left is for stopping. */
const LIMIT = 5 / 6;
/** Heartbeats that may be unanswered at a time; an answer to an older one says nothing. */
const MAX_BEATS = 16;

/**
 * Since when the store has heard this node for certain, and whether that is too long ago: then the store may give
 * to others what this node owns (docs/adr/0541). Certain is the time at which something was sent that has been
 * answered. While nobody listens at the store's address, there is no store in which the lease could run out, and
 * one that is started counts it anew.
 */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #onSilent: (isSilent: boolean) => void;
  #limitMs = 0;
  /** Monotonic time, ms: the store has heard this node then or later. */
  #heardAt = 0;
  #dialledAt = 0;
  #lastBeat = 0;
  /** When heartbeats of this link were sent, by their number. */
  readonly #beats = new Map<number, number>();
  /** One batch after each heartbeat: its answer says the same. */
  #wantsBatch = false;
  #batch: { readonly sequence: number; readonly sentAt: number } | undefined;
  #timer: Timer | undefined;
  #isSilent = false;

  constructor(clock: Clock, onSilent: (isSilent: boolean) => void) {
    this.#clock = clock;
    this.#onSilent = onSilent;
  }

  /** The hello goes out. */
  dialled(): void {
    this.#dialledAt = this.#clock.monotonic();
    this.#beats.clear();
    this.#batch = undefined;
    this.#wantsBatch = false;
  }

  welcomed(leaseMs: number): void {
    this.#limitMs = leaseMs * LIMIT;
    this.#heard(this.#dialledAt);
    if (this.#isSilent || this.#timer !== undefined) return;
    this.#look();
  }

  /** A heartbeat goes out. Returns its number. */
  beat(): number {
    const number = ++this.#lastBeat;
    if (this.#beats.size < MAX_BEATS) this.#beats.set(number, this.#clock.monotonic());
    this.#wantsBatch = true;
    return number;
  }

  /** @param beat its number; undefined: the store is of a version that does not say it */
  beatAnswered(beat: number | undefined): void {
    const [oldest = 0] = this.#beats.keys();
    const sentAt = this.#beats.get(beat ?? oldest);
    if (sentAt === undefined) return;
    if (beat === undefined) this.#beats.clear();
    for (const number of this.#beats.keys()) if (number <= (beat ?? 0)) this.#beats.delete(number);
    this.#heard(sentAt);
  }

  batchSent(sequence: number): void {
    if (!this.#wantsBatch) return;
    this.#wantsBatch = false;
    this.#batch = { sequence, sentAt: this.#clock.monotonic() };
  }

  batchSettled(sequence: number): void {
    const batch = this.#batch;
    if (batch === undefined || sequence < batch.sequence) return;
    this.#batch = undefined;
    this.#heard(batch.sentAt);
  }

  /** Nobody listens at the store's address. */
  absent(): void {
    // After a silence the store may have given things away before it ended.
    if (!this.#isSilent) this.#heard(this.#clock.monotonic());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #heard(at: number): void {
    if (at > this.#heardAt) this.#heardAt = at;
    if (!this.#isSilent || this.#leftMs() <= 0) return;
    this.#isSilent = false;
    this.#onSilent(false);
    this.#look();
  }

  #leftMs(): number {
    return this.#heardAt + this.#limitMs - this.#clock.monotonic();
  }

  #look(): void {
    this.#timer = undefined;
    const leftMs = this.#leftMs();
    if (leftMs <= 0) {
      this.#isSilent = true;
      this.#onSilent(true);
      return;
    }
    this.#timer = this.#clock.after(leftMs, () => {
      this.#look();
    });
  }
}
