import { access, constants, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../common/sync-directory.ts';

/**
 * A file that always holds one whole snapshot: the old one or the new one, also after a crash. A
 * snapshot goes to a temporary file, is flushed, renamed over the target, and the directory is
 * flushed. One write is in flight at a time; what is requested meanwhile becomes one later write.
 */
export class SnapshotFile {
  readonly path: string;
  readonly #temporaryPath: string;
  readonly #snapshot: () => string;
  #inFlight: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  /** @param snapshot makes the contents; called when a write begins */
  constructor(path: string, snapshot: () => string) {
    this.path = path;
    this.#temporaryPath = `${path}.tmp`;
    this.#snapshot = snapshot;
  }

  /** Creates the directory, checks that it is writable, removes what an interrupted write left behind. */
  async prepare(): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    await access(dirname(this.path), constants.R_OK | constants.W_OK | constants.X_OK);
    await rm(this.#temporaryPath, { force: true });
  }

  /** Resolves when a snapshot taken after this call is on disk; rejects when that write fails. */
  save(): Promise<void> {
    this.#next ??= this.#saveAfter(this.#inFlight);
    return this.#next;
  }

  async #saveAfter(previous: Promise<void>): Promise<void> {
    // How the previous write ended is its own callers' business.
    await Promise.allSettled([previous]);
    this.#inFlight = this.#next ?? previous;
    this.#next = undefined;
    await this.#write(this.#snapshot());
  }

  async #write(contents: string): Promise<void> {
    const file = await open(this.#temporaryPath, 'w', 0o600);
    try {
      await file.writeFile(contents, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(this.#temporaryPath, this.path);
    await syncDirectory(dirname(this.path));
  }
}
