import { logVerbosity, Server, setLogVerbosity } from '@grpc/grpc-js';
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import type { Clock } from '../common/clock.ts';
import { addressText } from '../common/address-text.ts';
import { listenError } from '../common/bind.ts';
import { messageOf } from '../common/errors.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Logger } from '../common/logger.ts';
import { connectionOptions } from './channel-options.ts';
import type { RpcConnectionOptions } from './channel-options.ts';
import { serverCredentials } from './credentials.ts';
import type { RpcCredentials } from './credentials.ts';
import type { MethodKind, MethodTypes, RpcMethod, RpcService } from './proto.ts';
import { RpcError, RpcStatus } from './rpc-status.ts';
import { tokenCheck } from './token-check.ts';

export type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';

/** Who calls, for limits and log lines. */
export interface RpcCaller {
  /** Address and port. */
  readonly peer: string;
}

export interface RpcHandlers<Request, Response> {
  /** Answers one request; what it throws becomes the status of the call. */
  readonly unary: (request: Request, caller: RpcCaller) => Response | Promise<Response>;
  /** Owns the stream: writes, ends it, or emits an RpcError as `error`; sees `cancelled` and `close`. */
  readonly serverStream: (call: ServerWritableStream<Request, Response>) => void;
  /** Owns the stream: reads, writes, ends it, or emits an RpcError as `error`. */
  readonly bidiStream: (call: ServerDuplexStream<Request, Response>) => void;
  /** In use by nobody. */
  readonly clientStream: never;
}

/** A handler for each method of a service. */
export type RpcImplementation<Methods extends MethodTypes<Methods>> = {
  readonly [Name in keyof Methods]: RpcHandlers<
    Methods[Name]['request'],
    Methods[Name]['response']
  >[Methods[Name]['kind']];
};

export interface RpcServerOptions extends RpcConnectionOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly credentials: RpcCredentials;
  /** Calls of one connection at a time; default 1024. */
  readonly maxStreamsPerConnection?: number | undefined;
  /** How long `stop` waits for calls under way; default 5000. */
  readonly drainTimeoutMs?: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const DEFAULT_MAX_STREAMS = 1024;
const DEFAULT_DRAIN_TIMEOUT_MS = 5_000;
/** Characters of a reason that are sent: it goes in a header of HTTP/2, and a call whose header is too large never ends. */
const MAX_DETAILS = 1_000;

/** Serves gRPC to the other nodes. */
export class RpcServer implements Service {
  readonly #options: RpcServerOptions;
  readonly #register: ((server: Server) => void)[] = [];
  #server: Server | undefined;
  #port: number;
  #callsRefused = 0;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#port = options.port;
    // It would write to stderr what it tells its callers too.
    setLogVerbosity(logVerbosity.NONE);
  }

  /** The port listened on; the configured one while stopped. */
  get port(): number {
    return this.#port;
  }

  /** Calls without the token of the cluster, since the start of the process. */
  get callsRefused(): number {
    return this.#callsRefused;
  }

  /** Call before `start`. */
  addService<Methods extends MethodTypes<Methods>>(
    service: RpcService<Methods>,
    implementation: RpcImplementation<Methods>,
  ): void {
    this.#register.push((server) => {
      for (const name of Object.keys(service) as (keyof Methods)[]) {
        this.#addMethod(
          server,
          service[name] as RpcMethod<MethodKind, unknown, unknown>,
          implementation[name] as AnyHandler,
        );
      }
    });
  }

  /** @throws ListenError (rejection) naming host:port when it cannot be bound */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const { host, port, credentials, maxStreamsPerConnection } = this.#options;
    const check = tokenCheck(credentials, () => {
      this.#callsRefused++;
    });
    const server = new Server({
      ...connectionOptions(this.#options),
      'grpc.max_concurrent_streams': maxStreamsPerConnection ?? DEFAULT_MAX_STREAMS,
      ...(credentials.token === undefined ? {} : { interceptors: [check] }),
    });
    for (const register of this.#register) register(server);
    const address = addressText(host, port);
    this.#port = await new Promise((resolve, reject) => {
      server.bindAsync(address, serverCredentials(credentials), (error, bound) => {
        if (error === null) resolve(bound);
        else reject(listenError({ host, port }, error));
      });
    });
    this.#server = server;
  }

  /** Takes no more calls, waits for those under way, and ends the rest. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#port = this.#options.port;
    const { clock, drainTimeoutMs } = this.#options;
    await new Promise<void>((resolve) => {
      const deadline = clock.after(drainTimeoutMs ?? DEFAULT_DRAIN_TIMEOUT_MS, () => {
        server.forceShutdown();
        // A session that was closing already ends only when its peer finds out; nobody waits for that.
        resolve();
      });
      server.tryShutdown(() => {
        deadline.cancel();
        resolve();
      });
    });
  }

  #addMethod(
    server: Server,
    method: RpcMethod<MethodKind, unknown, unknown>,
    handler: AnyHandler,
  ): void {
    const { kind, path, responseSerialize, requestDeserialize } = method;
    const types = { unary: 'unary', serverStream: 'serverStream', bidiStream: 'bidi' };
    if (kind === 'clientStream') throw new Error(`${path}: client streams are not served`);
    const handle = (
      kind === 'unary' ? this.#answering(path, handler) : handler
    ) as UntypedHandleCall;
    server.register(path, handle, responseSerialize, requestDeserialize, types[kind]);
  }

  #answering(path: string, handler: AnyHandler): UnaryHandle {
    const { logger } = this.#options;
    return (call, answer) => {
      const answered = new Promise<unknown>((resolve) => {
        const unary = handler as RpcHandlers<unknown, unknown>['unary'];
        resolve(unary(call.request, { peer: call.getPeer() }));
      });
      answered.then(
        (response) => {
          answer(null, response);
        },
        (error: unknown) => {
          if (!(error instanceof RpcError)) {
            logger.error({ path, error: messageOf(error) }, 'a call between nodes failed');
          }
          answer(statusOf(error));
        },
      );
    };
  }
}

type UnaryHandle = (
  call: ServerUnaryCall<unknown, unknown>,
  answer: sendUnaryData<unknown>,
) => void;

type AnyHandler = (
  | RpcHandlers<unknown, unknown>['unary']
  | RpcHandlers<unknown, unknown>['serverStream']
  | RpcHandlers<unknown, unknown>['bidiStream']
) &
  object;

/** The gRPC status of what a handler threw, for `callback(…)` and `call.emit('error', …)`. */
export function statusOf(thrown: unknown): { code: RpcStatus; details: string } {
  const code = thrown instanceof RpcError ? thrown.status : RpcStatus.INTERNAL;
  const message = messageOf(thrown);
  const isLong = message.length > MAX_DETAILS;
  // Half of a character, where that is cut in two, could not be encoded.
  const details = Buffer.from(message.slice(0, MAX_DETAILS)).toString();
  return { code, details: isLong ? `${details}…` : details };
}
