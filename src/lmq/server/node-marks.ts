import { NodeProtocolError } from './node-protocol-error.ts';

/** Goes with the welcome: by saying it a node tells that it says marks. */
export const FIRST_MARK = 0;
/** Bytes that a node may be behind with. */
export const MAX_BEHIND_BYTES: number = 4 << 20;
/** Bytes after which there is a new mark. */
export const MARK_BYTES: number = 512 * 1024;

/**
 * How far a node is behind with records that a frame brings to many queues. Such a frame is small, but for the node it is
 * work for each queue: hundreds of them fit where a stream is not congested yet, and everything else waits behind
 * them (ADR 1021). Counts the bytes of the records for each queue but the first.
 */
export class NodeMarks {
  #told = 0;
  #marked = 0;
  /** As the node has said; undefined: never, it may be of a version that does not. */
  #handled: number | undefined;
  #isBehind = false;

  /** More is on its way than the node should have before it. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** A frame goes to the node. Returns its mark, if it gets one. @param bytes of records, for each queue but the first */
  add(bytes: number): number | undefined {
    this.#told += bytes;
    if (this.#handled !== undefined && this.#told - this.#handled > MAX_BEHIND_BYTES) {
      this.#isBehind = true;
    }
    if (this.#told - this.#marked < MARK_BYTES) return undefined;
    this.#marked = this.#told;
    return this.#marked;
  }

  /**
   * The node has handled what goes before a mark. Returns whether it is not behind any longer.
   * @throws NodeProtocolError for one that was not given
   */
  handled(mark: number): boolean {
    if (mark > this.#marked) throw new NodeProtocolError('a mark that was not given');
    this.#handled = mark;
    if (!this.#isBehind || this.#told - mark > MAX_BEHIND_BYTES / 2) return false;
    this.#isBehind = false;
    return true;
  }
}
