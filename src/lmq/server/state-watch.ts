import type { LmqStore } from '../spi/lmq-store.ts';
import type { CommitNumber, StateSpace } from '../spi/types.ts';
import type { CommitLedger } from './commit-ledger.ts';
import type { ServerNode } from './server-node.ts';

interface Change {
  readonly by: ServerNode;
  readonly watchers: ReadonlySet<ServerNode>;
  readonly space: StateSpace;
  readonly key: string;
  readonly value: Buffer | undefined;
}

/** Tells nodes what others have changed in the state spaces that they watch, when it is durable. */
export class StateWatch {
  readonly #store: Pick<LmqStore, 'openCommit'>;
  readonly #ledger: CommitLedger;
  readonly #watchers = new Map<StateSpace, Set<ServerNode>>();
  /** The commit that `#changes` are of. */
  #commit: CommitNumber = 0;
  #changes: Change[] = [];

  constructor(store: Pick<LmqStore, 'openCommit'>, ledger: CommitLedger) {
    this.#store = store;
    this.#ledger = ledger;
  }

  watch(node: ServerNode, space: StateSpace): void {
    const watchers = this.#watchers.get(space);
    if (watchers === undefined) this.#watchers.set(space, new Set([node]));
    else watchers.add(node);
  }

  /** The node watches nothing any more. */
  left(node: ServerNode): void {
    for (const watchers of this.#watchers.values()) watchers.delete(node);
  }

  /** A node has changed something in the open commit. */
  changed(by: ServerNode, space: StateSpace, key: string, value: Buffer | undefined): void {
    const watchers = this.#watchers.get(space);
    if (watchers === undefined || watchers.size === 0) return;
    if (watchers.size === 1 && watchers.has(by)) return;
    const { openCommit } = this.#store;
    if (openCommit !== this.#commit) {
      this.#commit = openCommit;
      this.#collect();
    }
    this.#changes.push({ by, watchers, space, key, value });
  }

  #collect(): void {
    const changes: Change[] = [];
    this.#changes = changes;
    this.#ledger.whenOver(this.#commit, (error) => {
      if (error !== undefined) return;
      for (const { by, watchers, space, key, value } of changes) {
        for (const watcher of watchers) {
          if (watcher !== by) watcher.outbox?.change(space, key, value);
        }
      }
    });
  }
}
