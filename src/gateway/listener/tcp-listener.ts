import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { bind } from '../../common/bind.ts';
import type { TcpKeepAliveOptions } from '../options.ts';
import type { ListenAddress } from './listener-options.ts';
import type { TcpKeepAlive } from './tcp-keep-alive.ts';

export interface TcpListenerOptions {
  readonly address: ListenAddress;
  readonly backlog: number;
  readonly keepAlive: TcpKeepAliveOptions;
  readonly tcpKeepAlive: TcpKeepAlive;
  /** Takes the socket, or destroys it. */
  readonly onSocket: (socket: Socket) => void;
  readonly onError: (error: Error) => void;
}

/** One TCP address: accepts sockets and sets them up. */
export class TcpListener {
  readonly #options: TcpListenerOptions;
  readonly #server: Server;

  constructor(options: TcpListenerOptions) {
    this.#options = options;
    const { idleSeconds } = options.keepAlive;
    this.#server = createServer(
      {
        noDelay: true,
        // The connection closes, when what the peer sent before its end is handled.
        allowHalfOpen: true,
        keepAlive: idleSeconds > 0,
        keepAliveInitialDelay: idleSeconds * 1000,
      },
      (socket) => {
        options.tcpKeepAlive.apply(socket);
        options.onSocket(socket);
      },
    );
  }

  /** The address that is bound. */
  get address(): ListenAddress {
    const bound = this.#server.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  /** @throws ListenError naming the address and the reason */
  async start(): Promise<void> {
    const { address, backlog, onError } = this.#options;
    const { host, port } = address;
    await bind(this.#server, { host, port, backlog }, 'listen for MQTT');
    // Accepting can fail later (too many open files): the listener goes on.
    this.#server.on('error', onError);
  }

  /** Accepts no more; open connections are not touched. */
  stop(): void {
    this.#server.close();
  }
}
