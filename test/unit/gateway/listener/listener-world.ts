import type { ListenerOptions } from '../../../../src/gateway/listener/listener-options.ts';
import { systemClock } from '../../../../src/common/clock.ts';
import { type Logger, silentLogger } from '../../../../src/common/logger.ts';
import type { ByteStream, Peer } from '../../../../src/gateway/connection/byte-stream.ts';
import { Connection, type ConnectionOwner } from '../../../../src/gateway/connection/connection.ts';
import { FlushQueue } from '../../../../src/gateway/connection/flush-queue.ts';
import { LingeringStreams } from '../../../../src/gateway/connection/lingering-streams.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import {
  ConnectionLimiter,
  type ConnectionLimits,
  NO_CONNECTION_LIMITS,
} from '../../../../src/gateway/listener/connection-limiter.ts';
import { MqttListener } from '../../../../src/gateway/listener/mqtt-listener.ts';
import { PendingSockets } from '../../../../src/gateway/listener/pending-sockets.ts';
import { RefusedConnections } from '../../../../src/gateway/listener/refused-connections.ts';
import { TcpKeepAlive } from '../../../../src/gateway/listener/tcp-keep-alive.ts';

const KEEP_ALIVE = { idleSeconds: 0, intervalSeconds: 0, probes: 0, userTimeoutMs: 0 };

/** Answers every byte with itself. */
export class Echo implements ConnectionOwner {
  readonly connection: Connection;
  received: Buffer = Buffer.alloc(0);
  closes = 0;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  onBytes(chunk: Buffer): number {
    this.received = Buffer.concat([this.received, chunk]);
    this.connection.out.append(chunk, 0, chunk.length);
    this.connection.wantFlush();
    return chunk.length;
  }

  onDrain(): void {}

  onClose(): void {
    this.closes++;
  }
}

export interface ListenerWorldOptions {
  readonly handshakeTimeoutMs?: number;
  readonly limits?: Partial<ConnectionLimits>;
  readonly maxPacketSize?: number;
  readonly maxConnections?: number;
  readonly logger?: Logger;
  /** Refused connections that are told why, at a time. */
  readonly refusedAtOnce?: number;
}

/** A listener on a free port of loopback, with an echo behind it. */
export class ListenerWorld {
  readonly stats: GatewayStats = new GatewayStats();
  readonly echoes: Echo[] = [];
  readonly pending: PendingSockets;
  readonly listener: MqttListener;

  constructor(
    options: Omit<ListenerOptions, 'host' | 'port'>,
    { handshakeTimeoutMs = 5000, ...world }: ListenerWorldOptions = {},
  ) {
    const { stats } = this;
    this.pending = new PendingSockets(systemClock, handshakeTimeoutMs, () => {
      stats.handshakeTimeouts++;
    });
    const logger = world.logger ?? silentLogger;
    const limits = { ...NO_CONNECTION_LIMITS, ...world.limits };
    this.listener = new MqttListener(
      { host: '127.0.0.1', port: 0, ...options },
      {
        backlog: 16,
        keepAlive: KEEP_ALIVE,
        tcpKeepAlive: new TcpKeepAlive(KEEP_ALIVE, logger),
        handshakeTimeoutMs,
        maxPacketSize: world.maxPacketSize ?? 64 * 1024,
        limiter: new ConnectionLimiter(systemClock, limits),
        pending: this.pending,
        stats,
        logger,
        clock: systemClock,
        refused: new RefusedConnections(
          systemClock,
          this.#flushQueue,
          this.#lingering,
          stats,
          world.refusedAtOnce ?? 0,
        ),
        hasRoom: () => this.open + this.pending.size < (world.maxConnections ?? 1000),
        onStream: this.#onStream,
      },
    );
  }

  /** Connections that have not ended. */
  get open(): number {
    return this.echoes.filter(({ closes }) => closes === 0).length;
  }

  get port(): number {
    return this.listener.address.port;
  }

  stop(): void {
    this.listener.stop();
    this.pending.destroyAll();
    for (const { connection } of this.echoes) connection.destroy();
    this.#lingering.destroyAll();
  }

  readonly #flushQueue = new FlushQueue();
  readonly #lingering = new LingeringStreams(systemClock);

  readonly #onStream = (stream: ByteStream, peer: Peer | undefined): void => {
    const connection = new Connection(
      stream,
      this.#flushQueue,
      this.#lingering,
      this.stats,
      64 * 1024,
      peer,
    );
    const echo = new Echo(connection);
    this.echoes.push(echo);
    connection.open(echo);
  };
}
