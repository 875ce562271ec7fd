import { AckByte } from '../codec/ack-byte.ts';
import type { OutBuffer } from '../codec/out-buffer.ts';
import { encodeAck } from '../codec/publish-encoder.ts';

const FIRST_CAPACITY = 64;

/**
 * Acknowledgements that wait for a commit, in the order in which they are due [MQTT-4.6.0-2]. Commits
 * complete in order, so a ring of (first byte, packet id) with the number of entries per commit is
 * enough. Bounded by what the peer may send before the store pauses it.
 */
export class AckQueue {
  #ring: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  #head = 0;
  #tail = 0;
  readonly #commits: number[] = [];
  readonly #counts: number[] = [];

  /** PUBACKs among them. */
  pubacks = 0;

  get size(): number {
    return this.#tail - this.#head;
  }

  /** The last commit that something waits for, or 0. */
  get lastCommit(): number {
    return this.#commits[this.#commits.length - 1] ?? 0;
  }

  /** True when nothing waited for this commit yet. */
  push(firstByte: number, packetId: number, commit: number, reasonCode = 0): boolean {
    if (this.#tail - this.#head === this.#ring.length) this.#grow();
    if (firstByte === AckByte.PUBACK) this.pubacks++;
    this.#ring[this.#tail++ & (this.#ring.length - 1)] =
      (reasonCode << 24) | (firstByte << 16) | packetId;
    const last = this.#commits.length - 1;
    if (this.#commits[last] === commit) {
      (this.#counts[last] as number)++;
      return false;
    }
    this.#commits.push(commit);
    this.#counts.push(1);
    return true;
  }

  /**
   * Encodes everything that waited for commits up to `commit`; returns how many.
   * @param failure MQTT 5 reason code for the PUBACK and PUBREC of a commit that has failed; PUBREL and
   *   PUBCOMP have none for it and are left out
   */
  release(commit: number, out: OutBuffer, failure = 0): number {
    let released = 0;
    while (this.#commits.length > 0 && (this.#commits[0] as number) <= commit) {
      this.#commits.shift();
      const count = this.#counts.shift() as number;
      for (let i = 0; i < count; i++) {
        const entry = this.#ring[this.#head++ & (this.#ring.length - 1)] as number;
        const firstByte = (entry >>> 16) & 0xff;
        if (firstByte === AckByte.PUBACK) this.pubacks--;
        if (failure !== 0 && firstByte >= AckByte.PUBREL) continue;
        encodeAck(out, firstByte, entry & 0xffff, entry >>> 24 || failure);
      }
      released += count;
    }
    return released;
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
