import { ClaimKind, claimKey, claimKind, leavesSomething } from '../spi/cluster.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import { StateSpace } from '../spi/types.ts';
import type { CommitLedger } from './commit-ledger.ts';
import { encodeClaim, NO_NODE } from './node-record.ts';
import type { ServerNode } from './server-node.ts';

/** How a request for a claim is answered: whether the node has it. */
export type ClaimAnswer = (isClaimed: boolean) => void;

interface Waiter {
  readonly node: ServerNode;
  readonly answer: ClaimAnswer;
}

/** A claim that somebody waits for, or that its owner is giving up. */
interface Contention {
  readonly waiters: Waiter[];
  /** The owner has been asked to give it up. */
  isRevoked: boolean;
  /** The owner has given it up in a batch that is not durable yet. */
  isReleased: boolean;
}

export interface ClaimEvents {
  /** Asks the owner to give a claim up. */
  revoke(owner: ServerNode, key: string): void;
  /** Somebody owns it now. */
  owned(key: string): void;
  /** A dead node had it, and nobody waits for it. */
  orphaned(key: string): void;
}

/** A dead node leaves something behind under these. */
export function leavesOrphans(key: string): boolean {
  return leavesSomething(claimKind(key));
}

/**
 * Who owns what. Owners are durable: a node learns that it has a claim when the disk knows it, and a claim
 * goes to the next one when the release, or the death of its owner, is durable. So the table is after a
 * restart what the nodes know it to be.
 */
export class ClaimTable {
  readonly #store: Pick<LmqStore, 'openCommit' | 'putState' | 'deleteState'>;
  readonly #ledger: CommitLedger;
  readonly #events: ClaimEvents;
  /** One entry a claim; everything else that there is to know of the few in motion is apart. */
  readonly #owners = new Map<string, ServerNode>();
  readonly #contended = new Map<string, Contention>();
  /** Given to their owner in a commit that is not durable yet. */
  readonly #granting = new Map<string, Waiter>();

  constructor(
    store: Pick<LmqStore, 'openCommit' | 'putState' | 'deleteState'>,
    ledger: CommitLedger,
    events: ClaimEvents,
  ) {
    this.#store = store;
    this.#ledger = ledger;
    this.#events = events;
  }

  get size(): number {
    return this.#owners.size;
  }

  ownerOf(key: string): ServerNode | undefined {
    return this.#owners.get(key);
  }

  /** The node that the client of a session is connected to. */
  ownerOfSession(clientId: string): ServerNode | undefined {
    return this.#owners.get(claimKey(ClaimKind.SESSION, clientId));
  }

  /** Takes over what is on disk. */
  restore(key: string, owner: ServerNode): void {
    this.#owners.set(key, owner);
    owner.claims++;
  }

  /**
   * @param onlyIfFree answers false when another node has it, instead of asking for it
   * @param answer called once, unless the request is dropped with its node or taken back
   */
  claim(node: ServerNode, key: string, onlyIfFree: boolean, answer: ClaimAnswer): void {
    const owner = this.#owners.get(key);
    const isReleased = this.#contended.get(key)?.isReleased === true;
    if (owner === undefined || (owner === node && !isReleased)) {
      this.#grant({ node, answer }, key);
    } else if (onlyIfFree) {
      answer(false);
    } else {
      const contention = this.#contention(key);
      contention.waiters.push({ node, answer });
      if (!this.#granting.has(key)) this.#revoke(owner, key, contention);
    }
  }

  /**
   * The node gives a claim up in the open commit; `finishRelease` is to follow when that is durable. One
   * that it does not own is none of its business, but it does not wait for it any longer.
   * @returns whether it owns it
   */
  beginRelease(node: ServerNode, key: string): boolean {
    if (this.#owners.get(key) !== node) {
      this.#dropWaiters(key, node, true);
      return false;
    }
    this.#contention(key).isReleased = true;
    this.#store.deleteState(StateSpace.CLAIM, key);
    return true;
  }

  finishRelease(node: ServerNode, key: string): void {
    const contention = this.#contended.get(key);
    if (contention?.isReleased === true && this.#owners.get(key) === node) this.#free(key, false);
  }

  /** What the node waits for is not asked for any longer. */
  dropWaits(node: ServerNode): void {
    for (const key of [...this.#contended.keys()]) this.#dropWaiters(key, node, false);
  }

  /**
   * The node has come back and names what it owns. What it does not name, it has never heard of: that goes
   * on as if its owner had died, since what the owner before has left is still to be seen to.
   * @returns what it names and does not own
   */
  reattached(node: ServerNode, named: ReadonlySet<string>): string[] {
    const unknown: string[] = [];
    for (const [key, owner] of this.#owners) {
      if (owner !== node || named.has(key)) continue;
      const contention = this.#contention(key);
      if (contention.isReleased) continue;
      contention.isReleased = true;
      unknown.push(key);
      this.#disown(key);
    }
    if (unknown.length > 0) {
      this.#ledger.whenOver(this.#store.openCommit, (error) => {
        if (error !== undefined) return;
        for (const key of unknown) if (this.#owners.get(key) === node) this.#free(key, true);
      });
    }
    return [...named].filter((key) => this.#owners.get(key) !== node);
  }

  /** Asks a node that has come back for the claims that others wait for. */
  askAgain(node: ServerNode): void {
    for (const [key, contention] of this.#contended) {
      if (this.#owners.get(key) !== node || contention.waiters.length === 0) continue;
      contention.isRevoked = false;
      if (!this.#granting.has(key)) this.#revoke(node, key, contention);
    }
  }

  /** The node's death is in the open commit: what it leaves nothing behind under goes with it. */
  beginDeath(node: ServerNode): void {
    this.dropWaits(node);
    for (const [key, owner] of this.#owners) {
      // what may leave something behind keeps its record: its number is no living node's from here on
      if (owner === node && !leavesOrphans(key)) this.#store.deleteState(StateSpace.CLAIM, key);
    }
  }

  /** The node's death is durable. */
  finishDeath(node: ServerNode): void {
    for (const [key, owner] of this.#owners) if (owner === node) this.#free(key, true);
  }

  #grant(waiter: Waiter, key: string): void {
    const { node, answer } = waiter;
    if (this.#owners.get(key) !== node) {
      this.#owners.set(key, node);
      node.claims++;
    }
    this.#granting.set(key, waiter);
    this.#events.owned(key);
    const commit = this.#store.putState(StateSpace.CLAIM, key, encodeClaim(node.number));
    this.#ledger.whenOver(commit, (error) => {
      // an error ends everything: the node is told by the failure of its batches
      if (error !== undefined) return;
      if (this.#granting.get(key) === waiter) this.#granting.delete(key);
      if (this.#owners.get(key) !== node) return;
      answer(true);
      const contention = this.#contended.get(key);
      if (contention !== undefined && contention.waiters.length > 0) {
        this.#revoke(node, key, contention);
      }
    });
  }

  #revoke(owner: ServerNode, key: string, contention: Contention): void {
    if (contention.isRevoked || contention.isReleased) return;
    contention.isRevoked = true;
    this.#events.revoke(owner, key);
  }

  /** On disk the claim is nobody's from the open commit on: an orphan, if something may be left behind. */
  #disown(key: string): void {
    if (leavesOrphans(key)) this.#store.putState(StateSpace.CLAIM, key, encodeClaim(NO_NODE));
    else this.#store.deleteState(StateSpace.CLAIM, key);
  }

  /**
   * Gives a claim to the first who waits for it.
   * @param isLeft its owner has not seen to it
   */
  #free(key: string, isLeft: boolean): void {
    const node = this.#owners.get(key);
    if (node !== undefined) node.claims--;
    const contention = this.#contended.get(key);
    const next = contention?.waiters.shift();
    this.#owners.delete(key);
    this.#granting.delete(key);
    if (contention === undefined || contention.waiters.length === 0) this.#contended.delete(key);
    else contention.isRevoked = contention.isReleased = false;
    if (next !== undefined) this.#grant(next, key);
    else if (isLeft && leavesOrphans(key)) this.#events.orphaned(key);
  }

  #dropWaiters(key: string, node: ServerNode, isAnswered: boolean): void {
    const contention = this.#contended.get(key);
    if (contention === undefined) return;
    const { waiters } = contention;
    for (let i = waiters.length - 1; i >= 0; i--) {
      const waiter = waiters[i] as Waiter;
      if (waiter.node !== node) continue;
      waiters.splice(i, 1);
      if (isAnswered) waiter.answer(false);
    }
    if (waiters.length === 0 && !contention.isReleased) this.#contended.delete(key);
  }

  #contention(key: string): Contention {
    let contention = this.#contended.get(key);
    if (contention === undefined) {
      contention = { waiters: [], isRevoked: false, isReleased: false };
      this.#contended.set(key, contention);
    }
    return contention;
  }
}
