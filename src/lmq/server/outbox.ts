import type {
  Arrival,
  QueueBounds,
  Reply,
  Settled,
  StateChange,
  StoreFailure,
  StoreFigures,
  StoreFrame,
  Welcome,
} from '../../rpc/messages/store-v1.ts';
import { FIRST_MARK, NodeMarks } from './node-marks.ts';
import type { RpcStatus } from '../../rpc/rpc-status.ts';

/** The stream to a node, without what is gRPC's. */
export interface NodeLink {
  /** @param bytes about how large it is */
  write(frame: StoreFrame, bytes: number): void;
  /** True while more is on its way than there should be. */
  readonly isCongested: boolean;
  /** Ends the stream after what was written. */
  end(): void;
  /** Ends the stream with a status. */
  fail(status: RpcStatus, message: string): void;
  /** Nothing is read: the node may seem silent. */
  readonly isPaused: boolean;
  /** Takes no more frames until `resume`. */
  pause(): void;
  resume(): void;
}

interface OpenFrame {
  settled: Settled | undefined;
  stateChanges: StateChange[];
  blocks: Buffer[];
  arrivals: Arrival[];
  replies: Reply[];
  revoked: string[];
  orphans: string[];
  figures: StoreFigures | undefined;
  moved: QueueBounds[];
  leastGeneration: number | undefined;
  mark: number | undefined;
}

/** Bytes beside keys and values that an entry of a frame takes, about. */
const ENTRY_BYTES = 24;
const FRAME_BYTES = 64;

/**
 * What a node is told next. It collects until `flush`; what may not be overtaken by something else in one
 * frame is separated by a `flush` of the caller (the order within a frame is in the protocol).
 */
export class Outbox {
  readonly #link: NodeLink;
  readonly #isDirty: (outbox: Outbox) => void;
  readonly #marks = new NodeMarks();
  #frame: OpenFrame | undefined;
  #bytes = 0;
  #isClosed = false;

  /** @param isDirty called when there is something to flush */
  constructor(link: NodeLink, isDirty: (outbox: Outbox) => void) {
    this.#link = link;
    this.#isDirty = isDirty;
  }

  get isCongested(): boolean {
    return this.#link.isCongested;
  }

  /** The node has more before it that is for many of its queues than it should. */
  get isBehind(): boolean {
    return this.#marks.isBehind;
  }

  /**
   * The node has handled what goes before a mark. Returns whether it is not behind with that any longer.
   * @throws NodeProtocolError for one that was not given
   */
  handled(mark: number): boolean {
    return this.#marks.handled(mark);
  }

  /** The stream is over: what comes now goes nowhere. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get link(): NodeLink {
    return this.#link;
  }

  close(): void {
    this.#isClosed = true;
    this.#frame = undefined;
  }

  welcome(welcome: Welcome, bytes: number): void {
    this.flush();
    this.#link.write(frameOf({ welcome, mark: FIRST_MARK }), bytes);
  }

  settled(sequence: number, error: StoreFailure | undefined): void {
    const frame = this.#open(ENTRY_BYTES);
    // an error is of the batches after the last settled one: it does not cover those before
    if (frame.settled !== undefined && (error ?? frame.settled.error)) {
      this.flush();
      this.#open(ENTRY_BYTES).settled = { sequence, error };
    } else {
      frame.settled = { sequence, error };
    }
  }

  change(space: number, key: string, value: Buffer | undefined): void {
    const frame = this.#open(ENTRY_BYTES + key.length + (value?.length ?? 0));
    frame.stateChanges.push({ space, key, value });
  }

  /**
   * Arrivals and the block that they refer to as block 1; flushes when the frame has one already.
   * @param repeated bytes of the records for each queue but the first
   */
  arrivals(
    block: Buffer | undefined,
    arrivals: readonly Arrival[],
    bytes: number,
    repeated = 0,
  ): void {
    if (block !== undefined && this.#frame !== undefined && this.#frame.blocks.length > 0) {
      this.flush();
    }
    const frame = this.#open(bytes);
    if (block !== undefined) frame.blocks.push(block);
    if (frame.arrivals.length === 0) frame.arrivals = arrivals as Arrival[];
    else for (const arrival of arrivals) frame.arrivals.push(arrival);
    if (repeated > 0) frame.mark = this.#marks.add(repeated) ?? frame.mark;
  }

  reply(reply: Reply, bytes = 0): void {
    this.#open(ENTRY_BYTES + bytes).replies.push(reply);
  }

  revoke(key: string): void {
    this.#open(ENTRY_BYTES + key.length).revoked.push(key);
  }

  orphans(keys: readonly string[]): void {
    const frame = this.#open(0);
    for (const key of keys) {
      this.#bytes += ENTRY_BYTES + key.length;
      frame.orphans.push(key);
    }
  }

  figures(figures: StoreFigures): void {
    this.#open(ENTRY_BYTES).figures = figures;
  }

  leastGeneration(generation: number): void {
    this.#open(ENTRY_BYTES).leastGeneration = generation;
  }

  moved(bounds: QueueBounds): void {
    this.#open(ENTRY_BYTES + bounds.name.length).moved.push(bounds);
  }

  /** Sends what was collected before a commit: its arrivals must not overtake it. */
  beginCommit(): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    if (frame.replies.length > 0 || frame.revoked.length > 0 || frame.orphans.length > 0) {
      this.flush();
    }
  }

  flush(): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    const bytes = this.#bytes;
    this.#frame = undefined;
    this.#bytes = 0;
    this.#link.write(frame, bytes);
  }

  #open(bytes: number): OpenFrame {
    if (this.#isClosed) return emptyFrame();
    if (this.#frame === undefined) {
      this.#frame = emptyFrame();
      this.#bytes = FRAME_BYTES;
      this.#isDirty(this);
    }
    this.#bytes += bytes;
    return this.#frame;
  }
}

function emptyFrame(): OpenFrame {
  return {
    settled: undefined,
    stateChanges: [],
    blocks: [],
    arrivals: [],
    replies: [],
    revoked: [],
    orphans: [],
    figures: undefined,
    moved: [],
    leastGeneration: undefined,
    mark: undefined,
  };
}

/** A frame with nothing but the given fields. */
export function frameOf(fields: Partial<StoreFrame>): StoreFrame {
  return { ...emptyFrame(), ...fields };
}
