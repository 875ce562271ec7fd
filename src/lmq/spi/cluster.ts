import type { StateSpace } from './types.ts';

/**
 * What somebody owns: a session, a part of one, a will, a shared group, a duty. Made by `claimKey` only. The first
 * character is the kind, the rest the name.
 */
export const ClaimKind = {
  /** Session of a client id: its connection is at the owner's. */
  SESSION: 's',
  /** Session of a client id in a store that is not its home: what it has there is read and written by the owner alone. */
  PART: 'p',
  /** Will of a client id: the owner publishes it when it is due. */
  WILL: 'w',
  /** Will of a client id in the store of its topic: the owner alone writes it there (docs/adr/0632). */
  FAR_WILL: 'f',
  /** A shared group: the owner hands its messages out. */
  GROUP: 'g',
  /** A gateway's part in a shared group: what it has handed out to clients that are not stored. */
  MEMBERSHIP: 'm',
  /** Something that one gateway does for all. */
  DUTY: 'd',
} as const;
export type ClaimKind = (typeof ClaimKind)[keyof typeof ClaimKind];

/** Kinds of claims that need no clearing up when their owner has died. */
const LEAVES_NOTHING: ReadonlySet<string> = new Set([
  ClaimKind.DUTY,
  ClaimKind.GROUP,
  ClaimKind.PART,
  ClaimKind.FAR_WILL,
]);

/** Whether a dead owner leaves something behind under a claim of this kind. */
export function leavesSomething(kind: string): boolean {
  return !LEAVES_NOTHING.has(kind);
}

/** The key of a claim. @param name as the kind says: a client id, or the key of a group */
export function claimKey(kind: ClaimKind, name: string): string {
  return kind + name;
}

/** Kind of a claim, one of `ClaimKind`. */
export function claimKind(key: string): string {
  return key.charAt(0);
}

/** Name of a claim, without its kind. */
export function claimName(key: string): string {
  return key.slice(1);
}

/**
 * The other gateways on the same store (architecture §6). A gateway that has its store for itself has
 * none of this. A claim is held until it is released, or until its node has been silent for longer than
 * its lease; then the node is *fenced*: nothing that it writes is taken any more.
 */
export interface Cluster {
  /** This life of the gateway: new with each start, and after it was fenced. */
  readonly nodeId: string;
  /** This node's number in the records that it appends (`recordOrigin`). */
  readonly origin: number;

  /**
   * Becomes the owner. The owner before is asked to give it up and has done so, or is dead, when this
   * resolves; everything that it had written is seen by later reads.
   * @throws StoreError (rejection) when the store cannot be reached in time
   */
  claim(key: string): Promise<void>;
  /**
   * False when another node owns it; else this one does.
   * @throws StoreError (rejection) when the store cannot be reached in time
   */
  claimIfFree(key: string): Promise<boolean>;
  /**
   * As `claim`, and what `read` finds then, in the same turn where nobody else owns it.
   * @param read of the store that keeps the claim; called twice when it has to be waited for
   * @throws StoreError (rejection) as `claim` does, and what `read` throws
   */
  claimWith<Found>(key: string, read: () => Promise<Found>): Promise<Found>;
  /** Gives it up in the open commit: after everything that has been written so far. */
  release(key: string): void;

  /** Another node asks for a claim of this one: to be saved, closed and released. One listener. */
  onRevoked(listener: (key: string) => void): void;
  /** Claims of dead nodes; what they left is to be seen to. The next ones come when it has resolved. One listener. */
  onOrphans(listener: (keys: readonly string[]) => Promise<void>): void;
  /**
   * Changes of a state space by other nodes, in commit order, from when this resolves; a scan that begins
   * then and the changes together miss nothing. One listener for each space.
   */
  watchState(
    space: StateSpace,
    listener: (key: string, value: Buffer | undefined) => void,
  ): Promise<void>;
  /**
   * The store has not been heard for so long that it may count this node as dead soon, and give what the node
   * owns to others: whatever relies on that has to stop now. False: it does not count as dead, as of now. When it
   * does, `onFenced` follows instead. One listener.
   */
  onSilent(listener: (isSilent: boolean) => void): void;
  /** This node counts as dead: every commit fails from now on. The process has to begin anew. One listener. */
  onFenced(listener: (reason: string) => void): void;
}
