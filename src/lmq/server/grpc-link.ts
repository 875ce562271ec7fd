import type { NodeFrame, StoreFrame } from '../../rpc/messages/store-v1.ts';
import { statusOf } from '../../rpc/rpc-server.ts';
import type { ServerDuplexStream } from '../../rpc/rpc-server.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import type { NodeLink } from './outbox.ts';
import type { StoreServerLimits } from './store-server-options.ts';

/** The gRPC stream to a node. */
export class GrpcLink implements NodeLink {
  readonly #call: ServerDuplexStream<NodeFrame, StoreFrame>;
  readonly #limits: Pick<StoreServerLimits, 'maxUnsentBytes' | 'maxHeldBytes'>;
  #unsentBytes = 0;
  #isCongested = false;
  #isPaused = false;
  #isEnded = false;
  /** Called when it is not congested any longer. */
  onDrained: () => void = () => undefined;

  constructor(
    call: ServerDuplexStream<NodeFrame, StoreFrame>,
    limits: Pick<StoreServerLimits, 'maxUnsentBytes' | 'maxHeldBytes'>,
  ) {
    this.#call = call;
    this.#limits = limits;
  }

  get isCongested(): boolean {
    return this.#isCongested;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  write(frame: StoreFrame, bytes: number): void {
    if (this.#isEnded) return;
    this.#unsentBytes += bytes;
    const { maxUnsentBytes, maxHeldBytes } = this.#limits;
    if (this.#unsentBytes > maxHeldBytes) {
      this.fail(RpcStatus.RESOURCE_EXHAUSTED, 'the node is too far behind');
      return;
    }
    if (this.#unsentBytes > maxUnsentBytes) this.#isCongested = true;
    this.#call.write(frame, () => {
      this.#unsentBytes -= bytes;
      if (!this.#isCongested || this.#unsentBytes > maxUnsentBytes / 2) return;
      this.#isCongested = false;
      this.onDrained();
    });
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#call.end();
  }

  fail(status: RpcStatus, message: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#call.emit('error', statusOf(new RpcError(status, message)));
  }

  pause(): void {
    this.#isPaused = true;
    this.#call.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#call.resume();
  }
}
