const WORD_BYTES = 4;

/**
 * Copies `source[start, start + length)` to `target` at `at`, four bytes at a time. Both are views of whole buffers with
 * room for it. In one buffer the target lies behind the source.
 */
export function copyWords(
  source: DataView,
  start: number,
  length: number,
  target: DataView,
  at: number,
): void {
  if (length < WORD_BYTES) {
    for (let i = 0; i < length; i++) target.setUint8(at + i, source.getUint8(start + i));
    return;
  }
  // The last word may begin within the one before.
  const last = length - WORD_BYTES;
  for (let i = 0; i < last; i += WORD_BYTES) {
    target.setInt32(at + i, source.getInt32(start + i, true), true);
  }
  target.setInt32(at + last, source.getInt32(start + last, true), true);
}
