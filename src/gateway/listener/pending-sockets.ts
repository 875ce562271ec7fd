import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../common/clock.ts';

/**
 * Sockets that are accepted and not yet MQTT connections: PROXY header, TLS handshake and WebSocket
 * upgrade share one deadline, so that none of them can be drawn out.
 */
export class PendingSockets {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onTimeout: (socket: Socket) => void;
  readonly #timers = new Map<Socket, Timer>();

  constructor(clock: Clock, timeoutMs: number, onTimeout: (socket: Socket) => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onTimeout = onTimeout;
  }

  get size(): number {
    return this.#timers.size;
  }

  /** Destroys the socket when it is not removed in time. */
  add(socket: Socket): void {
    const timer = this.#clock.after(this.#timeoutMs, () => {
      this.#timers.delete(socket);
      this.#onTimeout(socket);
      socket.destroy();
    });
    this.#timers.set(socket, timer);
    // Without a listener a reset would end the process.
    socket.on('error', ignoreReset);
    socket.once('close', () => {
      this.remove(socket);
    });
  }

  /** The socket has become a connection, or has gone. */
  remove(socket: Socket): void {
    this.#timers.get(socket)?.cancel();
    this.#timers.delete(socket);
  }

  destroyAll(): void {
    for (const [socket, timer] of [...this.#timers]) {
      timer.cancel();
      socket.destroy();
    }
    this.#timers.clear();
  }
}

/** 'close' follows and does the work. */
function ignoreReset(): void {
  // Nothing to do here.
}
