/**
 * Below this length a loop beats `Buffer.copy`, which makes a view of both sides for each call
 * (measured on Node 20: the loop takes half the time at 16 bytes, as much at 36).
 */
const LOOP_BELOW = 36;

/** Copies `source[start, end)` to `target` at `at` and returns the position after it. Ranges must not overlap. */
export function copyBytes(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  at: number,
): number {
  const length = end - start;
  if (length < LOOP_BELOW) {
    for (let i = 0; i < length; i++) target[at + i] = source[start + i] as number;
  } else {
    source.copy(target, at, start, end);
  }
  return at + length;
}
