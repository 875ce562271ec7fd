import {
  entryEnd,
  entrySequence,
  JOURNAL_HEADER_BYTES,
  NUMBERS_OF_A_LIFE,
} from './layout/v1/journal-entry.ts';

/** Of an entry's number that tells the life, before the four that count. */
const LIFE_BYTES = 4;
/** Where in an entry they are. */
const LIFE_AT = 8;

/**
 * The number of the newest whole entry from `start` on that is of the same life as `last` and after it; `last` when
 * there is none. Entries are written one after the other, and what is left of an earlier list has lower numbers
 * or those of another life: one that is newer says that something before it was damaged, and not cut off by the end of the process.
 *
 * @param last of the entries that were found or that the engine has
 */
export function newestBehindDamage(bytes: Buffer, start: number, last: number): number {
  const life = Buffer.alloc(LIFE_BYTES);
  life.writeUInt32BE(Math.floor(last / NUMBERS_OF_A_LIFE));
  let newest = last;
  for (let at = start; ;) {
    const found = bytes.indexOf(life, at + LIFE_AT);
    if (found === -1) return newest;
    at = found - LIFE_AT;
    const number = at + JOURNAL_HEADER_BYTES > bytes.length ? Number.NaN : entrySequence(bytes, at);
    // The number first: most that is found is of an earlier list, and needs no checksum.
    const end = number > newest ? entryEnd(bytes, at) : -1;
    if (end !== -1) newest = number;
    at = end === -1 ? at + 1 : end;
  }
}
