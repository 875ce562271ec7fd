import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../common/clock.ts';
import { bind } from '../common/bind.ts';
import { messageOf } from '../common/errors.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Logger } from '../common/logger.ts';

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Answers GET (and HEAD) of one path. */
export type Route = () => Reply | Promise<Reply>;

/** Bounds of what a peer of the HTTP server may ask for. */
export interface HttpLimits {
  /** Connections over this are closed as they come. */
  readonly maxConnections: number;
  /** Request line and headers together. */
  readonly maxHeaderBytes: number;
  /** Time for the headers to come, ms. */
  readonly headersTimeoutMs: number;
  /** Time for a request to come, and without progress of a response, ms. */
  readonly requestTimeoutMs: number;
  /** Time between two requests of one connection, ms. */
  readonly keepAliveTimeoutMs: number;
  /** How long `stop` waits for responses that are on the way, ms. */
  readonly drainTimeoutMs: number;
}

const DEFAULT_HTTP_LIMITS: HttpLimits = {
  maxConnections: 64,
  maxHeaderBytes: 8 * 1024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 5_000,
  drainTimeoutMs: 1_000,
};

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** By path, without the query. */
  readonly routes: ReadonlyMap<string, Route>;
  readonly limits?: Partial<HttpLimits>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const ALLOWED = 'GET, HEAD';
const PLAIN_TEXT = 'text/plain; charset=utf-8';
const TIMEOUT_CHECK_MS = 1_000;

/**
 * Serves a fixed set of pages over HTTP/1.1. Reads no body and keeps nothing about who asks. Who asks again before the answer
 * is disconnected.
 */
export class HttpServer implements Service {
  readonly #options: HttpServerOptions;
  readonly #limits: HttpLimits;
  /** Connections with a request that is not answered. */
  readonly #busy = new WeakSet<Socket>();
  #server: Server | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  }

  /** The port listened on; the configured one while stopped. */
  get port(): number {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    return address?.port ?? this.#options.port;
  }

  /** @throws ListenError (rejection) naming host:port when it cannot be bound */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const { host, port, logger } = this.#options;
    const server = this.#create();
    await bind(server, { host, port });
    this.#server = server;
    server.on('error', (error) => {
      logger.error({ error: error.message }, 'HTTP server failed');
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    server.closeIdleConnections();
    const deadline = this.#options.clock.after(this.#limits.drainTimeoutMs, () => {
      server.closeAllConnections();
    });
    await closed;
    deadline.cancel();
  }

  #create(): Server {
    const { maxConnections, maxHeaderBytes, headersTimeoutMs } = this.#limits;
    const { requestTimeoutMs, keepAliveTimeoutMs } = this.#limits;
    const server = createServer(
      {
        maxHeaderSize: maxHeaderBytes,
        headersTimeout: headersTimeoutMs,
        requestTimeout: requestTimeoutMs,
        keepAliveTimeout: keepAliveTimeoutMs,
        connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, headersTimeoutMs),
      },
      (request, response) => {
        this.#handle(request, response).catch((error: unknown) => {
          this.#options.logger.error({ error: messageOf(error) }, 'answering over HTTP failed');
          response.destroy();
        });
      },
    );
    server.maxConnections = maxConnections;
    server.timeout = requestTimeoutMs;
    return server;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    // Thousands of requests come in one read, and each would have its page made and kept (ADR 931).
    if (this.#busy.has(socket)) {
      socket.destroy();
      return;
    }
    this.#busy.add(socket);
    response.once('close', () => {
      this.#busy.delete(socket);
    });
    // A body is not read, so what follows it on the connection cannot be either.
    if (hasBody(request)) response.shouldKeepAlive = false;
    const route = this.#options.routes.get(pathOf(request));
    if (route === undefined) {
      send(response, { status: 404, contentType: PLAIN_TEXT, body: 'not found\n' });
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', ALLOWED);
      send(response, { status: 405, contentType: PLAIN_TEXT, body: `only ${ALLOWED}\n` });
      return;
    }
    send(response, await this.#replyOf(route));
  }

  async #replyOf(route: Route): Promise<Reply> {
    try {
      return await route();
    } catch (error) {
      this.#options.logger.error({ error: messageOf(error) }, 'a page over HTTP failed');
      return { status: 500, contentType: PLAIN_TEXT, body: 'failed, see the log\n' };
    }
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function send(response: ServerResponse, { status, contentType, body }: Reply): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}
