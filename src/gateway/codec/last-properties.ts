import { viewOf } from '../../common/bytes/recent-view.ts';
import { LONGEST_VIEWED, sameBytes, sameWords } from '../../common/bytes/same-bytes.ts';
import { inputView } from './input-view.ts';
import { readPublishProperties, type PublishProperties } from './publish-properties.ts';

/** Longest block that is kept, bytes: a connection holds it, and what is stored of it, while it lives. */
const LONGEST = 1024;
/** Shorter ones are read as fast as they are compared. */
const SHORTEST = 8;
/** Where each message has another block, only one in so many is kept. */
const KEPT_OF_CHANGING = 16;

const NONE = Buffer.alloc(0);

/**
 * Reads the properties of one connection's PUBLISH packets. Devices send the same ones with every message:
 * a block that is, byte for byte, the one before is not read again.
 */
export class LastProperties {
  #block: Buffer = NONE;
  /** Undefined when the block is longer than views are good for. */
  #view: DataView | undefined;
  #properties: PublishProperties | undefined;
  #misses = 0;

  /** As `readPublishProperties`; `stored` may be that of an earlier packet and is not to be written to. */
  read(chunk: Buffer, start: number, end: number): PublishProperties {
    const known = this.#properties;
    if (known !== undefined && start + known.bytes <= end) {
      if (this.#isAt(chunk, start, start + known.bytes)) {
        this.#misses = 0;
        return known;
      }
    }
    const properties = readPublishProperties(chunk, start, end);
    const { bytes } = properties;
    if (bytes < SHORTEST || bytes > LONGEST) return properties;
    this.#misses++;
    if (this.#misses >= KEPT_OF_CHANGING && this.#misses % KEPT_OF_CHANGING !== 0)
      return properties;
    return this.#keep(chunk, start, properties);
  }

  #isAt(chunk: Buffer, start: number, end: number): boolean {
    const known = this.#view;
    const view = known === undefined ? undefined : inputView.of(chunk);
    if (known === undefined || view === undefined) return sameBytes(this.#block, chunk, start, end);
    return sameWords(known, view, start, end - start);
  }

  /** In memory of its own: a slice of the pool would hold all of that. */
  #keep(chunk: Buffer, start: number, properties: PublishProperties): PublishProperties {
    const { bytes, stored } = properties;
    if (this.#block.length !== bytes) {
      this.#block = Buffer.allocUnsafeSlow(bytes);
      this.#view = bytes > LONGEST_VIEWED ? undefined : viewOf(this.#block);
    }
    chunk.copy(this.#block, 0, start, start + bytes);
    const own = Buffer.allocUnsafeSlow(stored.length);
    stored.copy(own);
    this.#properties = { ...properties, stored: own };
    return this.#properties;
  }
}
