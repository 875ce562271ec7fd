import { copyBytes } from './copy-bytes.ts';
import { copyWords } from './copy-words.ts';
import { RecentView } from './recent-view.ts';

/** Below this length a loop over bytes is as good where buffers take turns, above the next one `set` is faster (ADR 841). */
const WORDS_FROM = 24;
const WORDS_UP_TO = 80;

/**
 * Copies parts of buffers that are used many times in a row to such a buffer: in half of the time that `copyBytes`
 * takes, four bytes at a time, and without a view for each call, which the collector would have to take away.
 * One for each place that copies: it knows the last source and the last target.
 */
export class PartCopier {
  readonly #sources = new RecentView();
  readonly #targets = new RecentView();

  /**
   * Copies `source[start, end)` to `target`, which has room for it, at `at` and returns the position after it.
   * Ranges must not overlap.
   */
  copy(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
    const length = end - start;
    if (length < WORDS_FROM) return copyBytes(source, start, end, target, at);
    const from = this.#sources.of(source);
    const to = this.#targets.of(target);
    if (from === undefined) return copyBytes(source, start, end, target, at);
    if (to === undefined || length > WORDS_UP_TO) {
      target.set(new Uint8Array(from.buffer, from.byteOffset + start, length), at);
      return at + length;
    }
    copyWords(from, start, length, to, at);
    return at + length;
  }
}
