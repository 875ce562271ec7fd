import type { NodeFrame, StoreFrame } from '../../rpc/messages/store-v1.ts';

/** What a link tells. */
export interface StoreLinkEvents {
  onFrame(frame: StoreFrame): void;
  /** There is room again after `send` has said that there is none. */
  onDrain(): void;
  /**
   * The link is gone; nothing comes after. Never called from inside of `send` or the dialer.
   * @param isRefused the store does not want what the node says: it will say so again
   * @param isAbsent nobody listens at the address
   */
  onEnd(reason: string, isRefused: boolean, isAbsent?: boolean): void;
}

/** One stream to the store: frames in both directions, in order, until it ends. */
export interface StoreLink {
  /** Where it leads to, for people. */
  readonly address: string;
  /** Never throws. False when nothing more should be sent until `onDrain`. */
  send(frame: NodeFrame): boolean;
  /** Lets go of it; no event comes after. */
  close(): void;
}

/**
 * Opens a link; what is sent before it is up goes when it is.
 * @throws StoreError when no address is known
 */
export type StoreDialer = (events: StoreLinkEvents) => StoreLink;
