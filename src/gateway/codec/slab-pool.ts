import { viewOf } from '../../common/bytes/recent-view.ts';

/**
 * Output slabs shared by all connections, so that an idle connection owns none. Small ones serve the
 * many connections that send a packet now and then, large ones those in full flow.
 */
export const SMALL_SLAB: number = 4 * 1024;
export const LARGE_SLAB: number = 64 * 1024;

const MAX_POOLED_BYTES = 32 * 1024 * 1024;

class SlabPool {
  readonly #small: Buffer[] = [];
  readonly #large: Buffer[] = [];
  readonly #views = new WeakMap<Buffer, DataView>();
  #pooledBytes = 0;

  /** Of all of a slab; made once for each, as they go round. */
  viewOf(slab: Buffer): DataView {
    const known = this.#views.get(slab);
    if (known !== undefined) return known;
    const view = viewOf(slab);
    this.#views.set(slab, view);
    return view;
  }

  take(size: number): Buffer {
    const pool = size <= SMALL_SLAB ? this.#small : this.#large;
    if (size <= LARGE_SLAB) {
      const slab = pool.pop();
      if (slab !== undefined) {
        this.#pooledBytes -= slab.length;
        return slab;
      }
    }
    // allocUnsafeSlow: a slab must not share its memory with Node's own pool of small buffers.
    if (size <= SMALL_SLAB) return Buffer.allocUnsafeSlow(SMALL_SLAB);
    return Buffer.allocUnsafeSlow(Math.max(size, LARGE_SLAB));
  }

  give(slab: Buffer): void {
    if (slab.length > LARGE_SLAB || this.#pooledBytes + slab.length > MAX_POOLED_BYTES) return;
    this.#pooledBytes += slab.length;
    (slab.length === SMALL_SLAB ? this.#small : this.#large).push(slab);
  }
}

export const slabPool: SlabPool = new SlabPool();
