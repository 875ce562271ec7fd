import type { Socket } from 'node:net';
import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import type { ByteStream, Peer } from '../connection/byte-stream.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { TcpKeepAliveOptions } from '../options.ts';
import type { ReasonCode } from '../codec/reason-code.ts';
import { Admission } from './admission.ts';
import { ConnectionLimiter } from './connection-limiter.ts';
import { type BoundAddress, type ListenerOptions, transportOf } from './listener-options.ts';
import type { PendingSockets } from './pending-sockets.ts';
import { readProxyHeader } from './proxy-stage.ts';
import type { RefusedConnections } from './refused-connections.ts';
import type { TcpKeepAlive } from './tcp-keep-alive.ts';
import { TcpListener } from './tcp-listener.ts';
import { TlsStage } from './tls-stage.ts';
import { WebSocketStage } from './web-socket-stage.ts';

/** What all listeners of a gateway share. */
export interface ListenerContext {
  readonly backlog: number;
  readonly keepAlive: TcpKeepAliveOptions;
  readonly tcpKeepAlive: TcpKeepAlive;
  readonly handshakeTimeoutMs: number;
  readonly maxPacketSize: number;
  readonly limiter: ConnectionLimiter;
  readonly pending: PendingSockets;
  readonly stats: GatewayStats;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Whether there is room for one more; when not, it is refused. */
  readonly hasRoom: () => boolean;
  /** Those over a limit go there. */
  readonly refused: RefusedConnections;
  /** Takes a connection that is ready for MQTT. */
  readonly onStream: (stream: ByteStream, peer: Peer | undefined) => void;
}

/**
 * One address: TCP, then as configured the PROXY header, TLS and WebSocket, and a stream of MQTT at
 * the end. What is accepted is counted and limited before a byte of it is read.
 */
export class MqttListener {
  readonly #options: ListenerOptions;
  readonly #context: ListenerContext;
  readonly #tcp: TcpListener;
  readonly #admission: Admission;
  /** Why a socket is refused that is let in only to be told so. */
  readonly #reasons = new WeakMap<Socket, ReasonCode>();
  readonly #tls: TlsStage | undefined;
  readonly #webSocket: WebSocketStage | undefined;

  constructor(options: ListenerOptions, context: ListenerContext) {
    this.#options = options;
    this.#context = context;
    const { logger, backlog, keepAlive, tcpKeepAlive } = context;
    this.#tcp = new TcpListener({
      address: { host: options.host, port: options.port },
      backlog,
      keepAlive,
      tcpKeepAlive,
      onSocket: (socket) => {
        this.#accepted(socket);
      },
      onError: (error) => {
        logger.error({ error: error.message }, 'accepting a connection failed');
      },
    });
    this.#admission = this.#makeAdmission();
    this.#tls = this.#makeTlsStage();
    this.#webSocket = this.#makeWebSocketStage();
  }

  get address(): BoundAddress {
    const { host, port } = this.#tcp.address;
    const path = this.#options.webSocket?.path;
    return { host, port, transport: transportOf(this.#options), path };
  }

  /** @throws ListenError naming the address; ConfigError naming a file that TLS needs */
  async start(): Promise<void> {
    await this.#tls?.start();
    try {
      await this.#tcp.start();
    } catch (error) {
      this.#tls?.stop();
      throw error;
    }
  }

  /** Accepts no more; open connections are not touched. */
  stop(): void {
    this.#tls?.stop();
    this.#tcp.stop();
  }

  #accepted(socket: Socket): void {
    const { stats, pending } = this.#context;
    stats.connectionsAccepted++;
    const reasonCode = this.#admission.admit();
    if (reasonCode !== undefined) {
      if (!this.#mayAnswer(socket, reasonCode)) return;
    } else if (this.#admission.counts) {
      this.#admission.enter();
      socket.once('close', () => {
        this.#admission.leave();
      });
    }
    if (this.#options.proxyProtocol === true) {
      pending.add(socket);
      this.#readProxyHeader(socket);
    } else {
      const isPlain = this.#tls === undefined && this.#webSocket === undefined;
      if (!isPlain) pending.add(socket);
      this.#identified(socket, undefined);
    }
  }

  #readProxyHeader(socket: Socket): void {
    const { stats, logger } = this.#context;
    readProxyHeader(socket, {
      onPeer: (_socket, peer) => {
        this.#identified(socket, peer);
        // A plain connection reads by itself unless it was paused before.
        if (this.#tls === undefined) socket.resume();
      },
      onMalformed: (_socket, reason) => {
        stats.proxyProtocolErrors++;
        logger.debug({ peer: socket.remoteAddress, reason }, 'PROXY protocol error');
        socket.destroy();
      },
    });
  }

  /** The client's address is known. */
  #identified(socket: Socket, peer: Peer | undefined): void {
    if (this.#admission.counts && !this.#reasons.has(socket)) {
      const address = peer?.address ?? socket.remoteAddress ?? '';
      const reasonCode = this.#admission.enterAddress(address);
      if (reasonCode === undefined) {
        socket.once('close', () => {
          this.#admission.leaveAddress(address);
        });
      } else if (!this.#mayAnswer(socket, reasonCode)) {
        return;
      }
    }
    if (this.#tls !== undefined) this.#tls.accept(socket, peer);
    else if (this.#webSocket !== undefined) this.#webSocket.accept(socket, socket, peer);
    else this.#ready(socket, socket, peer);
  }

  #ready(stream: ByteStream, raw: Socket, peer: Peer | undefined): void {
    const { pending, refused, onStream } = this.#context;
    pending.remove(raw);
    const reasonCode = this.#reasons.get(raw);
    if (reasonCode === undefined) onStream(stream, peer);
    else refused.answer(stream, peer, reasonCode);
  }

  /** Lets a socket over a limit come in to be told so; false when it is closed at once. */
  #mayAnswer(socket: Socket, reasonCode: ReasonCode): boolean {
    const { refused } = this.#context;
    if (!refused.enter()) {
      socket.destroy();
      return false;
    }
    this.#reasons.set(socket, reasonCode);
    socket.once('close', () => {
      refused.leave();
    });
    return true;
  }

  #makeAdmission(): Admission {
    const { clock, stats } = this.#context;
    const { connectionLimits, maxConnections = 0 } = this.#options.settings ?? {};
    const own = connectionLimits && new ConnectionLimiter(clock, connectionLimits);
    return new Admission(this.#context, own, maxConnections, stats);
  }

  #makeTlsStage(): TlsStage | undefined {
    const { tls } = this.#options;
    if (tls === undefined) return undefined;
    const { handshakeTimeoutMs, stats, logger, clock } = this.#context;
    return new TlsStage({
      tls,
      handshakeTimeoutMs,
      stats,
      logger,
      clock,
      onSecure: (socket, raw, peer) => {
        if (this.#webSocket === undefined) this.#ready(socket, raw, peer);
        else this.#webSocket.accept(socket, raw, peer);
      },
    });
  }

  #makeWebSocketStage(): WebSocketStage | undefined {
    const { webSocket } = this.#options;
    if (webSocket === undefined) return undefined;
    const { maxPacketSize, stats, logger, clock } = this.#context;
    return new WebSocketStage({
      webSocket,
      maxPacketSize,
      stats,
      logger,
      clock,
      onStream: (stream, raw, peer) => {
        this.#ready(stream, raw, peer);
      },
    });
  }
}
