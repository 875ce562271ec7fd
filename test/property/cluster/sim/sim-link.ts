import type { NodeFrame, StoreFrame, StoreMethods } from '../../../../src/rpc/messages/store-v1.ts';
import { loadService } from '../../../../src/rpc/proto.ts';
import type { RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { RpcStatus as Status } from '../../../../src/rpc/rpc-status.ts';
import type { StoreLink, StoreLinkEvents } from '../../../../src/lmq/remote/store-link.ts';
import { NodeStream } from '../../../../src/lmq/server/node-stream.ts';
import type { StoreCore } from '../../../../src/lmq/server/store-core.ts';
import type { NodeLink } from '../../../../src/lmq/server/outbox.ts';

const { attach } = loadService<StoreMethods>('lmqtt.store.v1.Store');
const REFUSALS: ReadonlySet<RpcStatus> = new Set<RpcStatus>([
  Status.INVALID_ARGUMENT,
  Status.FAILED_PRECONDITION,
]);

interface End {
  readonly reason: string;
  readonly isRefused: boolean;
}

/**
 * One stream over a simulated TCP connection: bytes in order each way, whole frames at a time, delivered
 * when the schedule says so; each end learns of the other's end in its own time.
 */
export class SimLink {
  readonly #events: StoreLinkEvents;
  readonly #stream: NodeStream;
  readonly #up: Buffer[] = [];
  readonly #down: (Buffer | End)[] = [];
  isNodeGone = false;
  isStoreGone = false;
  #isPaused = false;

  constructor(core: StoreCore, events: StoreLinkEvents) {
    this.#events = events;
    this.#stream = new NodeStream(core, this.#storeEnd);
  }

  get isOver(): boolean {
    return this.isNodeGone && this.isStoreGone;
  }

  get canReachStore(): boolean {
    return !this.isStoreGone && this.#up.length > 0 && !this.#isPaused;
  }

  get canReachNode(): boolean {
    return !this.isNodeGone && this.#down.length > 0;
  }

  readonly nodeEnd: StoreLink = {
    address: 'simulated',
    send: (frame: NodeFrame) => {
      if (!this.isNodeGone && !this.isStoreGone) this.#up.push(attach.requestSerialize(frame));
      return true;
    },
    close: () => {
      this.isNodeGone = true;
      this.#down.length = 0;
    },
  };

  readonly #storeEnd: NodeLink = ((link: SimLink): NodeLink => ({
    write: (frame: StoreFrame) => {
      if (!link.isNodeGone && !link.isStoreGone) link.#down.push(attach.responseSerialize(frame));
    },
    isCongested: false,
    end: () => {
      link.#endByStore('the store has ended the stream', false);
    },
    fail: (status: RpcStatus, message: string) => {
      link.#endByStore(message, REFUSALS.has(status));
    },
    get isPaused() {
      return link.#isPaused;
    },
    pause: () => {
      link.#isPaused = true;
    },
    resume: () => {
      link.#isPaused = false;
    },
  }))(this);

  toStore(): void {
    const bytes = this.#up.shift();
    if (bytes !== undefined) this.#stream.receive(attach.requestDeserialize(bytes));
  }

  toNode(): void {
    const next = this.#down.shift();
    if (next === undefined) return;
    if (Buffer.isBuffer(next)) this.#events.onFrame(attach.responseDeserialize(next));
    else this.endAtNode(next.reason, next.isRefused);
  }

  /** The node finds that the connection is gone. */
  endAtNode(reason = 'cut', isRefused = false): void {
    if (this.isNodeGone) return;
    this.isNodeGone = true;
    this.#down.length = 0;
    this.#events.onEnd(reason, isRefused);
  }

  /** The store finds that the connection is gone. */
  endAtStore(): void {
    if (this.isStoreGone) return;
    this.isStoreGone = true;
    this.#up.length = 0;
    this.#stream.over();
  }

  /** The store's process is gone: nobody finds anything there. */
  storeDied(): void {
    this.isStoreGone = true;
    this.#up.length = 0;
  }

  #endByStore(reason: string, isRefused: boolean): void {
    if (this.isStoreGone) return;
    if (!this.isNodeGone) this.#down.push({ reason, isRefused });
    this.endAtStore();
  }
}
