import { StateSpace } from '../spi/types.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import type { ServerNode } from './server-node.ts';

/** Claims that are handed out at once. */
const KEYS_AT_ONCE = 256;

export interface OrphanPlaces {
  /** A node that is attached, to see to orphans. */
  caretaker(): ServerNode | undefined;
  /** Whether a living node owns the claim: then that one sees to what was left. */
  isOwned(key: string): boolean;
}

/**
 * Claims of dead nodes, on their way to a living one that sees to what was left. Their records in the
 * store stay until that is done, so a restart of the store finds them again.
 */
export class OrphanQueue {
  readonly #store: Pick<LmqStore, 'deleteState'>;
  readonly #places: OrphanPlaces;
  readonly #waiting = new Set<string>();
  #caretaker: ServerNode | undefined;
  #handedOut: readonly string[] = [];

  constructor(store: Pick<LmqStore, 'deleteState'>, places: OrphanPlaces) {
    this.#store = store;
    this.#places = places;
  }

  get size(): number {
    return this.#waiting.size + this.#handedOut.length;
  }

  add(key: string): void {
    this.#waiting.add(key);
  }

  /** Somebody owns it now, and sees to it. */
  remove(key: string): void {
    this.#waiting.delete(key);
  }

  /** Hands the next ones out if nobody is busy with some. */
  handOut(): void {
    if (this.#caretaker !== undefined || this.#waiting.size === 0) return;
    const caretaker = this.#places.caretaker();
    if (caretaker?.outbox === undefined) return;
    const keys: string[] = [];
    for (const key of this.#waiting) {
      keys.push(key);
      this.#waiting.delete(key);
      if (keys.length === KEYS_AT_ONCE) break;
    }
    this.#caretaker = caretaker;
    this.#handedOut = keys;
    caretaker.outbox.orphans(keys);
  }

  /** The caretaker has dealt with what it was given. */
  done(node: ServerNode): void {
    if (this.#caretaker !== node) return;
    for (const key of this.#handedOut) {
      if (this.#places.isOwned(key) || this.#waiting.has(key)) continue;
      this.#store.deleteState(StateSpace.CLAIM, key);
    }
    this.#caretaker = undefined;
    this.#handedOut = [];
    this.handOut();
  }

  /** The connection of a node is lost: what it was busy with is for somebody else. */
  left(node: ServerNode): void {
    if (this.#caretaker !== node) return;
    for (const key of this.#handedOut) if (!this.#places.isOwned(key)) this.#waiting.add(key);
    this.#caretaker = undefined;
    this.#handedOut = [];
    this.handOut();
  }
}
