import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ListenError, messageOf } from '../../common/errors.ts';
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
  start(): Promise<void> {
    const { address, backlog, onError } = this.#options;
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => {
        const where = `${address.host}:${String(address.port)}`;
        reject(
          new ListenError(`cannot listen for MQTT on ${where}: ${reasonOf(error)}`, {
            cause: error,
          }),
        );
      };
      this.#server.once('error', failed);
      this.#server.listen({ host: address.host, port: address.port, backlog }, () => {
        this.#server.off('error', failed);
        // Accepting can fail later (too many open files): the listener goes on.
        this.#server.on('error', onError);
        resolve();
      });
    });
  }

  /** Accepts no more; open connections are not touched. */
  stop(): void {
    this.#server.close();
  }
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'the port is taken by another process';
  if (code === 'EACCES') return 'no permission to use the port';
  if (code === 'EADDRNOTAVAIL') return 'the address does not belong to this machine';
  return messageOf(error);
}
