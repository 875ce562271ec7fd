import { connect as netConnect, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { eventually } from './eventually.ts';
import { HonestPair } from './honest-pair.ts';
import { connect } from './packets.ts';
import type { Address } from './raw-client.ts';
import { isMosquitto } from './start-broker.ts';

const ROUNDS = 15;
const ROUND_MS = 200;

/** Clients of one test that send as fast as they can, beside an honest pair that is to notice little of it. */
export class Flood {
  readonly #address: Address;
  readonly #pair: HonestPair;
  readonly #name: string;
  readonly #sockets: Socket[] = [];

  private constructor(address: Address, name: string) {
    this.#address = address;
    this.#name = name;
    this.#pair = new HonestPair(address, `${name}-pair`);
  }

  /** Resolves when the pair is at work. `name` is no other flood's on the same server. */
  static async beside(address: Address, name: string): Promise<Flood> {
    const flood = new Flood(address, name);
    await eventually('the honest pair is at work', () => flood.#pair.received > 10);
    return flood;
  }

  /** @param send called for each client that is connected, again and again: writes what its socket has room for */
  async run(clients: number, send: (socket: Socket) => void): Promise<void> {
    while (this.#sockets.length < clients) await this.#open();
    for (let round = 0; round < ROUNDS; round++) {
      for (const socket of this.#sockets) if (!socket.destroyed) send(socket);
      await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
    }
  }

  /** Expects that the pair was not disturbed, and, of lmqtt, that none of its messages took as long as `maxLatencyMs`. */
  async expectNobodyHeldUp(maxLatencyMs: number): Promise<void> {
    const pair = this.#pair;
    await eventually('the honest pair is done', () => pair.finish(), 60_000);
    expect(pair.disturbances).to.deep.equal([]);
    console.log(
      `      p99 ${pair.latencyMs(0.99).toFixed(1)} ms, longest ${pair.latencyMs(1).toFixed(0)} ms`,
    );
    if (!isMosquitto) expect(pair.latencyMs(1)).to.be.below(maxLatencyMs);
  }

  /** Ends the clients; the pair goes on. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  end(): void {
    this.#pair.end();
    this.drop();
  }

  async #open(): Promise<void> {
    const { host, port } = this.#address;
    const socket = netConnect({ host, port });
    // The server may close in the middle.
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'connect');
    this.#sockets.push(socket);
    socket.write(connect({ clientId: `${this.#name}-${this.#sockets.length}` }));
  }
}
