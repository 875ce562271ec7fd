import { connect as netConnect, type Socket } from 'node:net';
import { once } from 'node:events';
import { eventually } from './eventually.ts';
import { connect, DISCONNECT, subscribe } from './packets.ts';
import { PacketSplitter } from './packet-splitter.ts';
import type { Address } from './raw-client.ts';

export interface StreamSubscriberOptions {
  readonly clientId: string;
  readonly clean: boolean;
  /** Subscribed after CONNACK; undefined where the session knows it already. */
  readonly filter?: string;
  readonly qos: 0 | 1;
}

/** Receives the numbered messages of a StreamPublisher, checks their order and acknowledges them. */
export class StreamSubscriber {
  readonly #socket: Socket;
  readonly #options: StreamSubscriberOptions;
  readonly #splitter = new PacketSplitter();
  #acks: Buffer = Buffer.alloc(4096);
  #ackBytes = 0;
  #isReady = false;
  /** Messages received. */
  received = 0;
  /** Number of the next message in order, as far as QoS 1 is concerned. */
  next = 0;
  /** Messages with another number than `next`: lost, repeated or out of order. */
  outOfOrder = 0;
  isClosed = false;
  /** Longest time between two chunks since the last `resetGap`, ms. */
  longestGapMs = 0;
  #lastChunkAt = performance.now();

  private constructor(socket: Socket, options: StreamSubscriberOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    // 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static async open(address: Address, options: StreamSubscriberOptions): Promise<StreamSubscriber> {
    const socket = netConnect({ host: address.host, port: address.port, noDelay: true });
    const subscriber = new StreamSubscriber(socket, options);
    await once(socket, 'connect');
    socket.write(connect({ clientId: options.clientId, clean: options.clean, keepAlive: 0 }));
    await eventually('the subscriber is ready', () => subscriber.#isReady);
    return subscriber;
  }

  /** Stops reading from the socket. */
  stall(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  resetGap(): void {
    this.longestGapMs = 0;
    this.#lastChunkAt = performance.now();
  }

  /** Leaves with DISCONNECT. */
  async leave(): Promise<void> {
    this.#socket.end(DISCONNECT);
    await eventually('the server has closed', () => this.isClosed);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const now = performance.now();
    this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastChunkAt);
    this.#lastChunkAt = now;
    this.#splitter.push(chunk, (buffer, start, bodyStart, end) => {
      this.#receive(buffer, start, bodyStart, end);
    });
    if (this.#ackBytes === 0) return;
    this.#socket.write(Buffer.from(this.#acks.subarray(0, this.#ackBytes)));
    this.#ackBytes = 0;
  }

  #receive(buffer: Buffer, start: number, bodyStart: number, end: number): void {
    const first = buffer.readUInt8(start);
    if (first >> 4 === 3) {
      this.#accept(buffer, first, bodyStart, end);
      return;
    }
    const { filter, qos } = this.#options;
    if (first === 0x20 && filter !== undefined) this.#socket.write(subscribe(1, [filter, qos]));
    else this.#isReady = true;
  }

  #accept(buffer: Buffer, first: number, bodyStart: number, end: number): void {
    let at = bodyStart + 2 + buffer.readUInt16BE(bodyStart);
    if ((first & 0x06) !== 0) {
      this.#acknowledge(buffer, at);
      at += 2;
    }
    if (end - at < 4) throw new Error('a message without a number');
    const number = buffer.readUInt32BE(at);
    if (number !== this.next) this.outOfOrder += 1;
    this.next = number + 1;
    this.received += 1;
  }

  #acknowledge(buffer: Buffer, idAt: number): void {
    if (this.#ackBytes + 4 > this.#acks.length) {
      this.#acks = Buffer.concat([this.#acks, Buffer.alloc(this.#acks.length)]);
    }
    this.#acks[this.#ackBytes] = 0x40;
    this.#acks[this.#ackBytes + 1] = 2;
    buffer.copy(this.#acks, this.#ackBytes + 2, idAt, idAt + 2);
    this.#ackBytes += 4;
  }
}
