import { AckByte } from '../codec/ack-byte.ts';
import type { OutBuffer } from '../codec/out-buffer.ts';
import { encodeAck } from '../codec/publish-encoder.ts';
import { laneOfCommit } from '../../lmq/spi/lane.ts';
import type { CommitNumber } from '../../lmq/spi/types.ts';

const FIRST_CAPACITY = 64;
/** Of one without a reason code. */
const ACK_BYTES = 4;
/** Most that are encoded at a time: they must fit a slab. */
const IN_A_ROW = 512;

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
    return this.#count(commit, 1);
  }

  /** The same for several PUBACKs, of the first `count` identifiers. */
  pushPubacks(packetIds: Uint16Array, count: number, commit: CommitNumber): boolean {
    while (this.#tail - this.#head + count > this.#ring.length) this.#grow();
    const ring = this.#ring;
    const mask = ring.length - 1;
    const tail = this.#tail;
    for (let i = 0; i < count; i++) {
      ring[(tail + i) & mask] = (AckByte.PUBACK << 16) | (packetIds[i] as number);
    }
    this.#tail = tail + count;
    this.pubacks += count;
    return this.#count(commit, count);
  }

  /** That `added` more wait for a commit; true when nothing has waited for it. */
  #count(commit: CommitNumber, added: number): boolean {
    const last = this.#commits.length - 1;
    // Never at -1: an array looks that up as the name of a property, which takes as long as the rest of this.
    if (last >= 0 && this.#commits[last] === commit) {
      (this.#counts[last] as number) += added;
      return false;
    }
    this.#commits.push(commit);
    this.#counts.push(added);
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
    let left = count;
    while (left > 0) {
      const successes = failure === 0 ? this.#encodeSuccesses(out, Math.min(left, IN_A_ROW)) : 0;
      left -= successes;
      if (successes > 0) continue;
      this.#encodeNext(out, failure);
      left--;
    }
    return count;
  }

  /** Of the next `most`, those before one that has a reason code; returns how many. */
  #encodeSuccesses(out: OutBuffer, most: number): number {
    const ring = this.#ring;
    const mask = ring.length - 1;
    const head = this.#head;
    let count = 0;
    while (count < most && (ring[(head + count) & mask] as number) >>> 24 === 0) count++;
    if (count === 0) return 0;
    let at = out.reserve(count * ACK_BYTES);
    const { slab } = out;
    let pubacks = 0;
    for (let i = 0; i < count; i++) {
      const entry = ring[(head + i) & mask] as number;
      const firstByte = entry >>> 16;
      if (firstByte === AckByte.PUBACK) pubacks++;
      slab[at] = firstByte;
      slab[at + 1] = 2;
      slab[at + 2] = entry >>> 8;
      slab[at + 3] = entry;
      at += ACK_BYTES;
    }
    this.pubacks -= pubacks;
    this.#head = head + count;
    return count;
  }

  #encodeNext(out: OutBuffer, failure: number): void {
    const entry = this.#ring[this.#head++ & (this.#ring.length - 1)] as number;
    const firstByte = (entry >>> 16) & 0xff;
    if (firstByte === AckByte.PUBACK) this.pubacks--;
    if (failure !== 0 && firstByte >= AckByte.PUBREL) return;
    encodeAck(out, firstByte, entry & 0xffff, entry >>> 24 || failure);
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
