/**
 * Takes the masking off `length` bytes at `from` and puts them at `to`, in the same memory and not behind where they
 * were, four at a time whatever their alignment (RFC 6455 §5.3).
 * @param key the four bytes of the masking key as one number, the first of them topmost, turned so that it
 *   begins with the byte that is meant for the first one here
 */
export function unmask(
  memory: DataView,
  from: number,
  to: number,
  length: number,
  key: number,
): void {
  const last = length - 3;
  let i = 0;
  for (; i < last; i += 4) memory.setInt32(to + i, memory.getInt32(from + i) ^ key);
  for (let shift = 24; i < length; i++, shift -= 8) {
    memory.setUint8(to + i, memory.getUint8(from + i) ^ (key >>> shift));
  }
}

/** The key as it is to be used when `bytes` more have been unmasked. */
export function turnedKey(key: number, bytes: number): number {
  const bits = (bytes & 3) << 3;
  return bits === 0 ? key : (key << bits) | (key >>> (32 - bits));
}
