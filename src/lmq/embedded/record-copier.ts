import { copyWords } from '../../common/bytes/copy-words.ts';
import { RecentView } from '../../common/bytes/recent-view.ts';
import type { PayloadRun } from '../spi/payload-run.ts';
import type { BlockWriter } from './block-writer.ts';

/** Above this length a call of the C library is faster than words. */
const LONGEST_BY_WORDS = 192;

/** Writes records that are as the one before them in all but the payload: by copying that one (ADR 901). */
export class RecordCopier {
  readonly #slabs = new RecentView();

  /**
   * Writes those of `run` from `first` on, before `end`, behind a record of the current block of `writer`, as far as the
   * block has room; returns the number of the first that is not written.
   * @param like where that record begins in the slab
   * @param head bytes of it before its payload
   */
  write(
    writer: BlockWriter,
    like: number,
    head: number,
    run: PayloadRun,
    first: number,
    end: number,
  ): number {
    const { slab, limit, start, block } = writer;
    const { source, view, starts, ends } = run;
    const target = this.#slabs.make(slab);
    let { at } = writer;
    let before = like;
    let i = first;
    for (; i < end; i++) {
      const from = starts[i] as number;
      const length = (ends[i] as number) - from;
      const size = head + length;
      if (at + size > limit) break;
      if (head > LONGEST_BY_WORDS) slab.copyWithin(at, before, before + head);
      else copyWords(target, before, head, target, at);
      target.setUint32(at, size);
      if (length > LONGEST_BY_WORDS) source.copy(slab, at + head, from, from + length);
      else copyWords(view, from, length, target, at + head);
      block.add(at - start);
      before = at;
      at += size;
    }
    writer.at = at;
    return i;
  }
}
