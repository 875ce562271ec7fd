import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';
import type { Address } from './raw-client.ts';

/** What happens to the bytes of both directions. */
export interface LinkQuality {
  /** How long each byte is under way, ms. */
  readonly delayMs?: number;
  /** Of each direction of each connection. */
  readonly bytesPerSecond?: number;
  /** Nothing comes through, and nobody is told: bytes wait until the quality is another one. */
  readonly isBlackHole?: boolean;
  /** Only of connections whose first bytes from the client have this in them (one byte a character). */
  readonly onlyWith?: string;
}

const TICK_MS = 10;
/** Of each connection, that `onlyWith` looks at. */
const HEAD_BYTES = 16_384;

/** A network between two processes, for TCP connections to one address, with faults that the test chooses. */
export class TcpProxy implements Address {
  readonly host: string;
  readonly #target: Address;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #flows = new Set<Flow>();
  #quality: LinkQuality = {};
  #port = 0;
  #accepted = 0;

  private constructor(host: string, target: Address) {
    this.host = host;
    this.#target = target;
    // Half-open connections stay so: an end is passed on, behind the bytes before it.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#accept(socket);
    });
  }

  /** @param port 0 takes a free one */
  static async start(target: Address, host = '127.0.0.1', port = 0): Promise<TcpProxy> {
    const proxy = new TcpProxy(host, target);
    proxy.#server.listen(port, host);
    await once(proxy.#server, 'listening');
    proxy.#port = (proxy.#server.address() as { port: number }).port;
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get address(): string {
    return `${this.host}:${String(this.#port)}`;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Connections that there have been. */
  get accepted(): number {
    return this.#accepted;
  }

  /** What has come and has not been passed on, of all connections. */
  get heldBytes(): number {
    let bytes = 0;
    for (const flow of this.#flows) bytes += flow.bytes;
    return bytes;
  }

  set quality(quality: LinkQuality) {
    this.#quality = quality;
  }

  /** Nothing comes through connections that are there, whatever the quality, and nobody is told. */
  freeze(): void {
    for (const flow of this.#flows) flow.isFrozen = true;
  }

  /** Ends every connection, both ways: as a process that closes its socket does, or as one that has forgotten it. */
  cut(how: 'FIN' | 'RST'): void {
    for (const pair of [...this.#pairs]) {
      for (const socket of pair) {
        if (how === 'RST') socket.resetAndDestroy();
        else socket.destroy();
      }
    }
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.cut('RST');
    await once(this.#server, 'close');
  }

  #accept(near: Socket): void {
    const far = connect({ ...hostAndPort(this.#target), allowHalfOpen: true, noDelay: true });
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    this.#accepted++;
    let head = '';
    // Before the flow has them.
    near.on('data', (bytes) => {
      if (head.length < HEAD_BYTES) head += bytes.toString('latin1');
    });
    const quality = (): LinkQuality => {
      const { onlyWith } = this.#quality;
      return onlyWith === undefined || head.includes(onlyWith) ? this.#quality : {};
    };
    for (const [socket, other] of [pair, [far, near]] as const) {
      const flow = new Flow(socket, other, quality);
      this.#flows.add(flow);
      const end = (): void => {
        flow.stop();
        this.#flows.delete(flow);
        this.#pairs.delete(pair);
        other.destroy();
      };
      // A reset that fails, since the other side was faster, is told as an error, and no 'close' comes after it.
      socket.on('error', end);
      socket.on('close', end);
    }
  }
}

function hostAndPort({ host, port }: Address): { host: string; port: number } {
  return { host, port };
}

interface Piece {
  /** Undefined for the end of the stream. */
  readonly bytes: Buffer | undefined;
  readonly came: number;
}

/** One direction of a connection. What does not come through is not read further than some buffers. */
class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #quality: () => LinkQuality;
  readonly #pieces: Piece[] = [];
  readonly #timer: NodeJS.Timeout;
  isFrozen = false;
  #bytes = 0;
  #budget = 0;

  constructor(from: Socket, to: Socket, quality: () => LinkQuality) {
    this.#from = from;
    this.#to = to;
    this.#quality = quality;
    this.#timer = setInterval(() => {
      this.#pass(true);
    }, TICK_MS);
    from.on('data', (bytes) => {
      this.#take(bytes);
    });
    from.on('end', () => {
      this.#take(undefined);
    });
    to.on('drain', () => {
      this.#pass(false);
    });
  }

  get bytes(): number {
    return this.#bytes;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #take(bytes: Buffer | undefined): void {
    this.#pieces.push({ bytes, came: performance.now() });
    this.#bytes += bytes?.length ?? 0;
    if (this.#bytes > MAX_HELD_BYTES) this.#from.pause();
    this.#pass(false);
  }

  #pass(isTick: boolean): void {
    const { delayMs = 0, bytesPerSecond = Infinity, isBlackHole = false } = this.#quality();
    // What was not used up is gone: a slow link does not save its time.
    if (isTick) this.#budget = (bytesPerSecond * TICK_MS) / 1000;
    else if (bytesPerSecond === Infinity) this.#budget = Infinity;
    const due = performance.now() - delayMs;
    while (!isBlackHole && !this.isFrozen && this.#budget > 0 && !this.#to.writableNeedDrain) {
      const [piece] = this.#pieces;
      if (piece === undefined || piece.came > due) break;
      this.#pieces.shift();
      const { bytes, came } = piece;
      if (bytes === undefined) {
        this.#to.end();
        break;
      }
      const count = Math.min(bytes.length, Math.ceil(this.#budget));
      if (count < bytes.length) this.#pieces.unshift({ bytes: bytes.subarray(count), came });
      this.#budget -= count;
      this.#bytes -= count;
      this.#to.write(bytes.subarray(0, count));
    }
    if (this.#bytes <= MAX_HELD_BYTES && this.#from.isPaused()) this.#from.resume();
  }
}

/** More than that the sender's own buffers have to hold. */
const MAX_HELD_BYTES = 4 << 20;
