import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Clock, Timer } from '../common/clock.ts';
import { bind } from '../common/bind.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Logger } from '../common/logger.ts';
import { TimedTurns } from '../common/timed-turns.ts';
import { FewWarnings } from './few-warnings.ts';
import { DEFAULT_MAX_FRAME_BYTES } from './frame.ts';
import { RemotingConnection } from './remoting-connection.ts';
import type { ConnectionContext } from './remoting-connection.ts';
import type { RequestProcessor } from './request-dispatcher.ts';

/** Bounds of a Remoting server. */
export interface RemotingServerLimits {
  /** Largest whole frame, received or sent; checked at its length field, before buffering. */
  readonly maxFrameBytes: number;
  /** Connections over this are closed as they come. */
  readonly maxConnections: number;
  /** Requests of one connection processed at a time; the socket is paused meanwhile. */
  readonly maxInFlightPerConnection: number;
  /** Bytes received and not processed, of all connections; one that exceeds it is closed. */
  readonly maxBufferedBytes: number;
  /** A connection without traffic for this long is closed. */
  readonly idleTimeoutMs: number;
  /** How long `stop` waits for requests that are being processed. */
  readonly drainTimeoutMs: number;
}

export const DEFAULT_REMOTING_SERVER_LIMITS: RemotingServerLimits = {
  maxFrameBytes: DEFAULT_MAX_FRAME_BYTES,
  maxConnections: 1024,
  maxInFlightPerConnection: 64,
  maxBufferedBytes: 64 * 1024 * 1024,
  idleTimeoutMs: 120_000,
  drainTimeoutMs: 5_000,
};

export interface RemotingServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** By request code. */
  readonly processors: ReadonlyMap<number, RequestProcessor>;
  readonly limits?: Partial<RemotingServerLimits>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const SWEEPS_PER_IDLE_TIMEOUT = 8;
/** Time of one turn of the event loop for the requests of all connections, ms. */
const REQUESTS_MS = 4;

/** Serves RocketMQ Remoting: pipelined requests, dispatched by code, answered in any order. */
export class RemotingServer implements Service {
  readonly #options: RemotingServerOptions;
  readonly #limits: RemotingServerLimits;
  readonly #context: ConnectionContext;
  readonly #connections = new Set<RemotingConnection>();
  #server: Server | undefined;
  #idleSweep: Timer | undefined;
  #bufferedBytes = 0;

  constructor(options: RemotingServerOptions) {
    const limits = { ...DEFAULT_REMOTING_SERVER_LIMITS, ...options.limits };
    this.#options = options;
    this.#limits = limits;
    this.#context = {
      processors: options.processors,
      maxFrameBytes: limits.maxFrameBytes,
      maxInFlight: limits.maxInFlightPerConnection,
      reserve: (delta) => {
        this.#bufferedBytes += delta;
        return delta <= 0 || this.#bufferedBytes <= limits.maxBufferedBytes;
      },
      turns: new TimedTurns(options.clock, REQUESTS_MS),
      clock: options.clock,
      logger: options.logger,
      warnings: new FewWarnings(options.clock, options.logger),
    };
  }

  /** The port listened on; the configured one while stopped. */
  get port(): number {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    return address?.port ?? this.#options.port;
  }

  /** Open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** @throws ListenError (rejection) naming host:port when it cannot be bound */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const { host, port, clock, logger } = this.#options;
    // Half open, so that a peer that has sent its last request still gets its responses.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#accept(socket);
    });
    this.#server = server;
    try {
      await bind(server, { host, port });
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    server.on('error', (error) => {
      logger.error({ error: error.message }, 'remoting server failed');
    });
    const sweepMs = Math.max(1, Math.floor(this.#limits.idleTimeoutMs / SWEEPS_PER_IDLE_TIMEOUT));
    this.#idleSweep = clock.every(sweepMs, () => {
      this.#closeIdle();
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#idleSweep?.cancel();
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    const deadline = this.#options.clock.after(this.#limits.drainTimeoutMs, () => {
      for (const connection of this.#connections) connection.destroy();
    });
    for (const connection of this.#connections) connection.drain();
    await closed;
    deadline.cancel();
  }

  #accept(socket: Socket): void {
    if (this.#server === undefined || this.#connections.size >= this.#limits.maxConnections) {
      this.#context.warnings.warn(
        { peer: socket.remoteAddress, limit: this.#limits.maxConnections },
        'remoting connection refused: too many connections',
      );
      socket.destroy();
      return;
    }
    const connection = new RemotingConnection(socket, this.#context);
    this.#connections.add(connection);
    socket.on('close', () => {
      this.#connections.delete(connection);
    });
  }

  #closeIdle(): void {
    for (const connection of this.#connections) {
      if (connection.idleMs >= this.#limits.idleTimeoutMs) connection.destroy();
    }
  }
}
