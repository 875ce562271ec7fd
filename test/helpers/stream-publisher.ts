import { connect as netConnect, type Socket } from 'node:net';
import { once } from 'node:events';
import { connect, publish } from './packets.ts';
import { PacketSplitter } from './packet-splitter.ts';
import type { Address } from './raw-client.ts';

const CONNACK = 0x20;
const PUBACK = 0x40;
const MAX_ID = 65_535;

export interface StreamPublisherOptions {
  readonly clientId: string;
  readonly topic: string;
  /** Size of each payload; the first 4 bytes are the message's number, from 0. At least 4. */
  readonly payloadBytes: number;
  /** Messages sent and not yet acknowledged. */
  readonly window: number;
}

/**
 * Publishes numbered messages at QoS 1 as fast as they are acknowledged, from packets encoded once:
 * one per place in the window, written anew only after its PUBACK.
 */
export class StreamPublisher {
  readonly #socket: Socket;
  readonly #slots: Buffer[];
  readonly #numberAt: number;
  readonly #idAt: number;
  readonly #splitter = new PacketSplitter();
  #target = 0;
  #sent = 0;
  #acknowledged = 0;
  #isReady = false;
  #wake: (() => void) | undefined;
  #failure: Error | undefined;

  private constructor(socket: Socket, options: StreamPublisherOptions) {
    this.#socket = socket;
    const topicBytes = Buffer.byteLength(options.topic);
    const packet = publish({
      topic: options.topic,
      payload: Buffer.alloc(options.payloadBytes, 0x2e),
      qos: 1,
      id: 1,
    });
    this.#numberAt = packet.length - options.payloadBytes;
    this.#idAt = this.#numberAt - 2;
    if (this.#idAt < topicBytes) throw new Error('the packet is not laid out as expected');
    this.#slots = Array.from({ length: options.window }, () => Buffer.from(packet));
    socket.on('data', (chunk: Buffer) => {
      this.#splitter.push(chunk, (buffer, start) => {
        this.#receive(buffer, start);
      });
      this.#sendMore();
      if (this.#acknowledged === this.#target) this.#wake?.();
    });
    socket.on('error', (error) => {
      this.#failure = error;
    });
    socket.on('close', () => {
      this.#failure ??= new Error('the server closed the publisher');
      this.#wake?.();
    });
  }

  static async open(address: Address, options: StreamPublisherOptions): Promise<StreamPublisher> {
    const socket = netConnect({ host: address.host, port: address.port, noDelay: true });
    const publisher = new StreamPublisher(socket, options);
    await once(socket, 'connect');
    const ready = new Promise<void>((resolve) => (publisher.#wake = resolve));
    socket.write(connect({ clientId: options.clientId, keepAlive: 0 }));
    await ready;
    publisher.#throwIfFailed();
    return publisher;
  }

  /** Messages that have their PUBACK. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Publishes `count` more messages; resolves when the last one is acknowledged. */
  async publish(count: number): Promise<void> {
    this.#target += count;
    const done = new Promise<void>((resolve) => (this.#wake = resolve));
    this.#sendMore();
    await done;
    this.#throwIfFailed();
  }

  close(): void {
    this.#socket.destroy();
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #receive(buffer: Buffer, start: number): void {
    const type = buffer[start];
    if (!this.#isReady && type === CONNACK && buffer[start + 3] === 0) {
      this.#isReady = true;
      return;
    }
    const expected = (this.#acknowledged % MAX_ID) + 1;
    if (type !== PUBACK || buffer.readUInt16BE(start + 2) !== expected) {
      this.#failure = new Error(
        `expected PUBACK ${expected}: ${buffer.toString('hex', start, start + 4)}`,
      );
      this.#socket.destroy();
      return;
    }
    this.#acknowledged += 1;
  }

  #sendMore(): void {
    if (!this.#isReady || this.#failure !== undefined) return;
    const window = this.#slots.length;
    const end = Math.min(this.#target, this.#acknowledged + window);
    if (this.#sent >= end) return;
    this.#socket.cork();
    for (; this.#sent < end; this.#sent++) {
      const slot = this.#slots[this.#sent % window]!;
      slot.writeUInt16BE((this.#sent % MAX_ID) + 1, this.#idAt);
      slot.writeUInt32BE(this.#sent, this.#numberAt);
      this.#socket.write(slot);
    }
    this.#socket.uncork();
  }
}
