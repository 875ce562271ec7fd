import { ErrorCode, StoreError } from '../../common/errors.ts';
import type { NodeFrame, StoreFrame, StoreMethods } from '../../rpc/messages/store-v1.ts';
import { loadService } from '../../rpc/proto.ts';
import { RpcClient, type ClientDuplexStream, type RpcClientOptions } from '../../rpc/rpc-client.ts';
import { RpcStatus } from '../../rpc/rpc-status.ts';
import type { StoreDialer, StoreLink, StoreLinkEvents } from './store-link.ts';

export interface GrpcDialerOptions extends Omit<RpcClientOptions, 'address'> {
  /** Where the store may be now, `host:port` each; they are tried in turn. With none it is tried where it was. */
  readonly addresses: () => readonly string[];
}

const REFUSED: ReadonlySet<number> = new Set([
  RpcStatus.INVALID_ARGUMENT,
  RpcStatus.PERMISSION_DENIED,
  RpcStatus.UNIMPLEMENTED,
  RpcStatus.FAILED_PRECONDITION,
  RpcStatus.UNAUTHENTICATED,
]);

/** In the message of gRPC: its status does not tell a host that refuses from one that does not answer. */
const NOBODY_LISTENS = 'ECONNREFUSED';

/** One `Attach` call on a connection of its own, so that each attempt begins at once and afresh. */
class GrpcLink implements StoreLink {
  readonly address: string;
  readonly #client: RpcClient;
  readonly #stream: ClientDuplexStream<NodeFrame, StoreFrame>;
  readonly #events: StoreLinkEvents;
  #isOpen = true;

  constructor(
    client: RpcClient,
    stream: ClientDuplexStream<NodeFrame, StoreFrame>,
    events: StoreLinkEvents,
  ) {
    this.address = client.address;
    this.#client = client;
    this.#stream = stream;
    this.#events = events;
    stream.on('data', (frame: StoreFrame) => {
      if (this.#isOpen) events.onFrame(frame);
    });
    stream.on('drain', () => {
      if (this.#isOpen) events.onDrain();
    });
    stream.on('error', (error: Error & { readonly code?: number }) => {
      const isAbsent =
        error.code === RpcStatus.UNAVAILABLE && error.message.includes(NOBODY_LISTENS);
      this.#end(error.message, REFUSED.has(error.code ?? RpcStatus.UNKNOWN), isAbsent);
    });
    stream.on('end', () => {
      this.#end('the store has ended the stream', false);
    });
  }

  send(frame: NodeFrame): boolean {
    return !this.#isOpen || this.#stream.write(frame);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stream.cancel();
    this.#client.close();
  }

  #end(reason: string, isRefused: boolean, isAbsent = false): void {
    if (!this.#isOpen) return;
    this.close();
    this.#events.onEnd(`${this.address}: ${reason}`, isRefused, isAbsent);
  }
}

/** Links over gRPC. The only file of this folder that knows it. */
export function grpcDialer({ addresses, ...options }: GrpcDialerOptions): StoreDialer {
  const { attach } = loadService<StoreMethods>('lmqtt.store.v1.Store');
  let attempts = 0;
  let last: string | undefined;
  return (events) => {
    const known = addresses();
    const address = known[attempts++ % Math.max(1, known.length)] ?? last;
    last = address;
    if (address === undefined) {
      throw new StoreError(ErrorCode.STORE_UNAVAILABLE, 'no address of the store is known', {
        retryable: true,
      });
    }
    const client = new RpcClient({ ...options, address });
    return new GrpcLink(client, client.bidiStream(attach), events);
  };
}
