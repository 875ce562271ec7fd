import { connect as netConnect, type Socket } from 'node:net';
import { decode, type Packet } from './packets.ts';
import { PacketSplitter } from './packet-splitter.ts';
import type { Address } from './raw-client.ts';

export interface LinkListener {
  onOpen(): void;
  onPacket(packet: Packet): void;
  /** Once, whoever closed it and also when it never opened. Nothing follows. */
  onClose(): void;
}

/** One connection that hands over decoded packets as they come. */
export class PacketLink {
  readonly #socket: Socket;
  readonly #splitter = new PacketSplitter();

  constructor(address: Address, listener: LinkListener) {
    const socket = netConnect({ host: address.host, port: address.port, noDelay: true });
    this.#socket = socket;
    socket.on('connect', () => {
      listener.onOpen();
    });
    socket.on('data', (chunk: Buffer) => {
      this.#splitter.push(chunk, (buffer, start, bodyStart, end) => {
        if (socket.destroyed) return;
        listener.onPacket(decode(buffer.readUInt8(start), buffer.subarray(bodyStart, end)));
      });
    });
    // Refused and reset connections are part of what the tests do; 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      listener.onClose();
    });
  }

  send(...packets: readonly Buffer[]): void {
    for (const packet of packets) this.#socket.write(packet);
  }

  /** Sends what was written, then closes. */
  end(): void {
    this.#socket.end();
  }

  /** Drops the connection at once. */
  drop(): void {
    this.#socket.destroy();
  }
}
