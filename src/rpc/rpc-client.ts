import { Client } from '@grpc/grpc-js';
import type { ClientDuplexStream, ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import type { Clock } from '../common/clock.ts';
import { clientOptions } from './channel-options.ts';
import type { RpcConnectionOptions } from './channel-options.ts';
import { callMetadata, channelCredentials } from './credentials.ts';
import type { RpcCredentials } from './credentials.ts';
import type { RpcMethod } from './proto.ts';
import { rpcErrorOf } from './rpc-status.ts';

export type { ClientDuplexStream, ClientReadableStream } from '@grpc/grpc-js';

export interface RpcClientOptions extends RpcConnectionOptions {
  /** `host:port`; an IPv6 host in brackets. */
  readonly address: string;
  readonly credentials: RpcCredentials;
  readonly clock: Clock;
}

export interface CallTime {
  /** From the call to its end; the server sees the deadline too. */
  readonly timeoutMs: number;
}

/**
 * One peer's client. Connects when first used and again after a lost connection, by itself. Calls wait for
 * an attempt under way and fail at once with UNAVAILABLE between two attempts.
 */
export class RpcClient {
  readonly address: string;
  readonly #options: RpcClientOptions;
  readonly #client: Client;

  constructor(options: RpcClientOptions) {
    this.address = options.address;
    this.#options = options;
    this.#client = new Client(
      options.address,
      channelCredentials(options.credentials),
      clientOptions(options),
    );
  }

  /** @throws RpcError (rejection) with the status and the address */
  unary<Request, Response>(
    method: RpcMethod<'unary', Request, Response>,
    request: Request,
    { timeoutMs }: CallTime,
  ): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = method;
    const { clock, credentials } = this.#options;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        callMetadata(credentials),
        { deadline: clock.now() + timeoutMs },
        (error: ServiceError | null, response?: Response) => {
          if (error !== null) reject(rpcErrorOf(error, this.address));
          else resolve(response as Response);
        },
      );
    });
  }

  /** Lives until one side ends it. Its `error` event carries a gRPC error: see `rpcErrorOf`. */
  serverStream<Request, Response>(
    method: RpcMethod<'serverStream', Request, Response>,
    request: Request,
  ): ClientReadableStream<Response> {
    const { path, requestSerialize, responseDeserialize } = method;
    return this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      callMetadata(this.#options.credentials),
    );
  }

  /** Lives until one side ends it. Its `error` event carries a gRPC error: see `rpcErrorOf`. */
  bidiStream<Request, Response>(
    method: RpcMethod<'bidiStream', Request, Response>,
  ): ClientDuplexStream<Request, Response> {
    const { path, requestSerialize, responseDeserialize } = method;
    return this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      callMetadata(this.#options.credentials),
    );
  }

  /** Ends the connection; calls under way fail with CANCELLED or UNAVAILABLE. Final. */
  close(): void {
    this.#client.close();
  }
}
