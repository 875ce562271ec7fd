import type { OutBuffer } from '../codec/out-buffer.ts';
import { slabPool } from '../codec/slab-pool.ts';
import type { ByteStream } from './byte-stream.ts';

/** The stream that is written to: `drainTo` hands over one slab at a time and takes no argument more. */
let target: ByteStream;

/** Writes all of `out` to a stream whose output cannot go to the handle directly (`writeDirect`): TLS, WebSocket. */
export function writeToStream(stream: ByteStream, out: OutBuffer): void {
  target = stream;
  // Several slabs go out in one system call; for one, corking is only overhead.
  const several = out.slabs > 1;
  if (several) stream.cork();
  out.drainTo(writeSlab);
  if (several) stream.uncork();
}

function writeSlab(slab: Buffer, length: number): void {
  target.write(length === slab.length ? slab : slab.subarray(0, length), () => {
    slabPool.give(slab);
  });
}
