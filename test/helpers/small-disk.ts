import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const FILLER = 'filler';
const PIECE = Buffer.alloc(64 * 1024);
/** Room that is left is this much at most: a page. */
const MIN_FREE_BYTES = 4096;

/** A file system in memory with a size of its own, mounted on a directory. Needs root on Linux. */
export class SmallDisk {
  readonly directory: string;
  #megabytes: number;

  private constructor(directory: string, megabytes: number) {
    this.directory = directory;
    this.#megabytes = megabytes;
  }

  /** Undefined where it cannot be mounted, with the reason on the console. */
  static async mount(directory: string, megabytes: number): Promise<SmallDisk | undefined> {
    await mkdir(directory, { recursive: true });
    const reason = mount(['-t', 'tmpfs', '-o', `size=${String(megabytes)}m`, 'tmpfs', directory]);
    if (reason === undefined) return new SmallDisk(directory, megabytes);
    console.log(`      skipped: no file system can be mounted here (${reason})`);
    return undefined;
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.directory);
    return bavail * bsize;
  }

  /** Takes all room but `leave` bytes. */
  fill(leave: number): void {
    const file = openSync(join(this.directory, FILLER), 'a');
    try {
      for (;;) {
        const more = this.freeBytes - Math.max(leave, MIN_FREE_BYTES);
        if (more <= 0) break;
        writeSync(file, PIECE, 0, Math.min(PIECE.length, more));
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** Gives the room back that `fill` has taken. */
  clear(): void {
    rmSync(join(this.directory, FILLER), { force: true });
  }

  /** Makes it larger while it is in use. */
  grow(megabytes: number): void {
    this.#megabytes += megabytes;
    const size = `remount,size=${String(this.#megabytes)}m`;
    const reason = mount(['-o', size, this.directory]);
    if (reason !== undefined) throw new Error(`not remounted: ${reason}`);
  }

  /** Its files are gone with it. */
  unmount(): void {
    const { status, stderr } = spawnSync('umount', [this.directory]);
    if (status !== 0) throw new Error(`not unmounted: ${stderr.toString().trim()}`);
  }
}

/** Undefined when it has been done, else why not. */
function mount(args: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync('mount', args);
  if (status === 0) return undefined;
  return error?.message ?? stderr.toString().trim();
}
