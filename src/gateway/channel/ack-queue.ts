import { AckByte } from '../codec/ack-byte.ts';
import type { OutBuffer } from '../codec/out-buffer.ts';
import { encodeAck } from '../codec/publish-encoder.ts';
import { laneOfCommit } from '../../lmq/spi/lane.ts';
import type { CommitNumber } from '../../lmq/spi/types.ts';

const FIRST_CAPACITY = 64;

/**
 * Acknowledgements that wait for a commit, in the order in which they are due [MQTT-4.6.0-2]. Commits of a
 * lane complete in order, so a ring of (first byte, packet id) with the number of entries per commit is
 * enough; of several lanes, what is over waits for its turn. Bounded by what the peer may send before the
 * store pauses it.
 */
export class AckQueue {
  #ring: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  #head = 0;
  #tail = 0;
  readonly #commits: CommitNumber[] = [];
  readonly #counts: number[] = [];
  /** The last commit of each lane that is over; undefined while all that has waited was for lane 0. */
  #over: CommitNumber[] | undefined;

  /** PUBACKs among them. */
  pubacks = 0;

  get size(): number {
    return this.#tail - this.#head;
  }

  /** The last commit that something waits for, or 0. */
  get lastCommit(): CommitNumber {
    return this.#commits[this.#commits.length - 1] ?? 0;
  }

  /** True when `release` has to be called for this commit. */
  push(firstByte: number, packetId: number, commit: CommitNumber, reasonCode = 0): boolean {
    if (this.#tail - this.#head === this.#ring.length) this.#grow();
    if (firstByte === AckByte.PUBACK) this.pubacks++;
    this.#ring[this.#tail++ & (this.#ring.length - 1)] =
      (reasonCode << 24) | (firstByte << 16) | packetId;
    const last = this.#commits.length - 1;
    // Never at -1: an array looks that up as the name of a property, which takes as long as the rest of this.
    if (last >= 0 && this.#commits[last] === commit) {
      (this.#counts[last] as number)++;
      return false;
    }
    this.#commits.push(commit);
    this.#counts.push(1);
    if (laneOfCommit(commit) !== 0) this.#over ??= [];
    return true;
  }

  /**
   * Encodes everything that waited for commits of its lane up to `commit`, and now has its turn; returns how many.
   * @param failure MQTT 5 reason code for the PUBACK and PUBREC of a commit that has failed; PUBREL and
   *   PUBCOMP have none for it and are left out
   */
  release(commit: CommitNumber, out: OutBuffer, failure = 0): number {
    if (this.#over !== undefined) return this.#releaseLanes(this.#over, commit, out, failure);
    let released = 0;
    while (this.#commits.length > 0 && (this.#commits[0] as number) <= commit) {
      released += this.#releaseFirst(out, failure);
    }
    return released;
  }

  #releaseLanes(
    over: CommitNumber[],
    commit: CommitNumber,
    out: OutBuffer,
    failure: number,
  ): number {
    const lane = laneOfCommit(commit);
    over[lane] = commit;
    let released = 0;
    for (let first = this.#commits[0]; first !== undefined; first = this.#commits[0]) {
      const firstLane = laneOfCommit(first);
      if (first > (over[firstLane] ?? 0)) break;
      released += this.#releaseFirst(out, firstLane === lane ? failure : 0);
    }
    return released;
  }

  /** Everything that waited for the first commit. */
  #releaseFirst(out: OutBuffer, failure: number): number {
    this.#commits.shift();
    const count = this.#counts.shift() as number;
    for (let i = 0; i < count; i++) {
      const entry = this.#ring[this.#head++ & (this.#ring.length - 1)] as number;
      const firstByte = (entry >>> 16) & 0xff;
      if (firstByte === AckByte.PUBACK) this.pubacks--;
      if (failure !== 0 && firstByte >= AckByte.PUBREL) continue;
      encodeAck(out, firstByte, entry & 0xffff, entry >>> 24 || failure);
    }
    return count;
  }

  #grow(): void {
    const old = this.#ring;
    const ring = new Uint32Array(old.length * 2);
    const size = this.#tail - this.#head;
    for (let i = 0; i < size; i++) ring[i] = old[(this.#head + i) & (old.length - 1)] as number;
    this.#ring = ring;
    this.#head = 0;
    this.#tail = size;
  }
}
