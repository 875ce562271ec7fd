import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy on loopback that cuts and holds what goes through it. */
export class TcpProxy {
  readonly #port: () => number;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isHolding = false;
  connections = 0;

  constructor(port: () => number) {
    this.#port = port;
    this.#server = createServer((socket) => {
      this.connections++;
      const other = connect(this.#port(), '127.0.0.1');
      this.#join(socket, other);
      this.#join(other, socket);
    });
  }

  get address(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** Resets all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Nothing passes, and nobody is told. */
  hold(): void {
    this.#isHolding = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** New connections pass again; those that were held stay so. */
  release(): void {
    this.#isHolding = false;
  }

  close(): Promise<void> {
    this.cut();
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (chunk) => {
      to.write(chunk);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    if (this.#isHolding) from.pause();
  }
}
