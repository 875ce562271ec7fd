import { ErrorCode, StoreError } from '../../common/errors.ts';
import type { CommitNumber } from '../spi/types.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { CommitWindow } from './commit-window.ts';
import { unexpected, type RequestTable } from './request-table.ts';

/**
 * What this node owns. A claim that it gives up counts as its own at the store until the release is
 * settled, and is not claimed again before.
 */
export class Claims {
  readonly #requests: RequestTable;
  readonly #commits: CommitWindow;
  readonly #writer: BatchWriter;
  readonly #onStray: (key: string) => void;
  readonly #held = new Set<string>();
  /** Claims under way; those of one key share the answer. */
  readonly #claiming = new Map<string, Promise<void>>();
  /** The commit that gives it up. */
  readonly #releasing = new Map<string, CommitNumber>();
  /** Counts connections. */
  #welcomes = 0;
  #onRevoked: ((key: string) => void) | undefined;
  /** Asked for while there was no listener. */
  #revoked: string[] = [];

  /** @param onStray told of a claim that was granted when nobody waited for it any more */
  constructor(
    requests: RequestTable,
    commits: CommitWindow,
    writer: BatchWriter,
    onStray: (key: string) => void,
  ) {
    this.#requests = requests;
    this.#commits = commits;
    this.#writer = writer;
    this.#onStray = onStray;
  }

  claim(key: string): Promise<void> {
    if (this.#held.has(key)) return Promise.resolve();
    let claiming = this.#claiming.get(key);
    if (claiming === undefined) {
      claiming = this.#claim(key).finally(() => {
        this.#claiming.delete(key);
      });
      this.#claiming.set(key, claiming);
    }
    return claiming;
  }

  async claimIfFree(key: string): Promise<boolean> {
    if (this.#held.has(key)) return true;
    return this.#ask(key, true);
  }

  /**
   * Asks for the claim and reads behind that, without waiting. What was read counts when the claim was granted at
   * once: then the store looked it up after that, and on the same connection, so nobody has had it in between.
   */
  async claimWith<Found>(key: string, read: () => Promise<Found>): Promise<Found> {
    if (!this.#held.has(key) && !this.#claiming.has(key) && !this.#releasing.has(key)) {
      const welcomes = this.#welcomes;
      const granted = this.#ask(key, true);
      const found = read();
      // Whether anybody wants it is not known yet.
      found.catch(() => undefined);
      if ((await granted) && welcomes === this.#welcomes) return found;
    }
    await this.claim(key);
    return read();
  }

  release(key: string): void {
    if (this.#held.delete(key)) this.#giveUp(key);
  }

  onRevoked(listener: (key: string) => void): void {
    this.#onRevoked = listener;
    const waiting = this.#revoked;
    this.#revoked = [];
    for (const key of waiting) this.revoked(key);
  }

  /** Another node asks for it. What this one does not have (any more) is given up at once. */
  revoked(key: string): void {
    if (!this.#held.has(key)) {
      if (!this.#releasing.has(key) && !this.#claiming.has(key)) this.#giveUp(key);
    } else if (this.#onRevoked === undefined) {
      this.#revoked.push(key);
    } else {
      this.#onRevoked(key);
    }
  }

  /** Commits up to this one are over. */
  settled(commit: CommitNumber): void {
    for (const [key, release] of this.#releasing) {
      if (release > commit) return;
      this.#releasing.delete(key);
    }
  }

  /** For a hello. */
  greet(): readonly string[] {
    return [...this.#held, ...this.#releasing.keys()];
  }

  /**
   * What the store said to that hello.
   * @throws StoreError when it has given away what this node relies on
   */
  welcomed(lost: readonly string[]): void {
    this.#welcomes++;
    const missing = lost.find((key) => this.#held.has(key));
    if (missing === undefined) return;
    throw new StoreError(ErrorCode.STORE_FENCED, `claim ${missing} has another owner`);
  }

  async #claim(key: string): Promise<void> {
    // Answered with false when the wait was taken back by a release under way.
    while (!(await this.#ask(key, false)));
  }

  async #ask(key: string, onlyIfFree: boolean): Promise<boolean> {
    const release = this.#releasing.get(key);
    if (release !== undefined) await this.#commits.committed(release);
    return this.#requests.ask(
      { claim: { key, onlyIfFree } },
      this.#commits.lastWritten,
      (reply) => {
        const isGranted = reply.claimed ?? unexpected(reply);
        if (isGranted) this.#held.add(key);
        return isGranted;
      },
      ({ claimed }) => {
        if (claimed !== true || this.#held.has(key) || this.#releasing.has(key)) return;
        this.#held.add(key);
        if (!this.#claiming.has(key)) this.#onStray(key);
      },
    );
  }

  #giveUp(key: string): void {
    const commit = this.#commits.openCommit;
    this.#releasing.delete(key);
    this.#releasing.set(key, commit);
    this.#writer.write({ releaseClaim: key }, key.length);
  }
}
