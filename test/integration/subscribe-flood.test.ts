import { connect as netConnect, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import type { Broker } from '../helpers/broker.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { HonestPair } from '../helpers/honest-pair.ts';
import { connect, field, frame, subscribe, uint16 } from '../helpers/packets.ts';
import { brokerOfSuite, isMosquitto } from '../helpers/start-broker.ts';

const ATTACKERS = 25;
const PACKETS = 10_000;
const ROUNDS = 15;
const ROUND_MS = 200;
/** The machine may be busy with other things; without turns it was 20 s, and more than a minute for the second one. */
const MAX_LATENCY_MS = 5_000;
/** Filters of one packet just below the limit of its size. */
const MANY_FILTERS = 200_000;

describe('integration: clients that subscribe as fast as they can send', () => {
  let broker: Broker;
  let pair: HonestPair;
  const sockets: Socket[] = [];

  brokerOfSuite({ compiled: isBuildCurrent() }, (started) => {
    broker = started;
  });

  beforeEach(async () => {
    pair = new HonestPair(broker, `pair-${sockets.length}`);
    await eventually('the honest pair is at work', () => pair.received > 10);
  });

  afterEach(() => {
    pair.end();
    for (const socket of sockets) socket.destroy();
  });

  async function attacker(): Promise<Socket> {
    const socket = netConnect({ host: broker.host, port: broker.port });
    // The server may close in the middle.
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'connect');
    sockets.push(socket);
    socket.write(connect({ clientId: `attacker-${sockets.length}` }));
    return socket;
  }

  async function holdsNobodyUp(bytes: Buffer, attackers: number): Promise<void> {
    for (let i = 0; i < attackers; i++) await attacker();
    for (let round = 0; round < ROUNDS; round++) {
      for (const socket of sockets) {
        if (!socket.destroyed && socket.writableLength < bytes.length) socket.write(bytes);
      }
      await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
    }
    await eventually('the honest pair is done', () => pair.finish(), 60_000);
    expect(pair.disturbances).to.deep.equal([]);
    console.log(
      `      p99 ${pair.latencyMs(0.99).toFixed(1)} ms, longest ${pair.latencyMs(1).toFixed(0)} ms`,
    );
    if (!isMosquitto) expect(pair.latencyMs(1)).to.be.below(MAX_LATENCY_MS);
  }

  it('with a packet for each filter hold up nobody', async function () {
    this.timeout(90_000);
    const packets = Array.from({ length: PACKETS }, (_, i) =>
      subscribe(i + 1, [`flood/${i % 10}`, 1]),
    );
    await holdsNobodyUp(Buffer.concat(packets), ATTACKERS);
  });

  it('with as many filters as a packet takes hold up nobody', async function () {
    this.timeout(90_000);
    const filter = Buffer.concat([field('f'), Buffer.from([1])]);
    const filters = Buffer.alloc(MANY_FILTERS * filter.length, filter);
    await holdsNobodyUp(frame(0x82, uint16(1), filters), 2);
  });
});
