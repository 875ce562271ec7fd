import { connect as netConnect, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import type { Broker } from '../helpers/broker.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { HonestPair } from '../helpers/honest-pair.ts';
import { PacketLink } from '../helpers/packet-link.ts';
import { connect, publish, subscribe, type QoS } from '../helpers/packets.ts';
import { disposeBroker, isMosquitto, startBroker } from '../helpers/start-broker.ts';

const FILTERS = 5000;
const FILTERS_OF_A_PACKET = 500;
/** Levels that a filter may leave open, so that each filter is another one and all match. */
const LEVELS = 13;
const ROUNDS = 15;
const ROUND_MS = 200;
const PUBLISHERS = 5;
const BYTES_AT_ONCE = 64 * 1024;
/** The machine may be busy with other things; without turns it was over 30 s with new topics. */
const MAX_LATENCY_MS = 8_000;

const DEEP = `deep/${'a/'.repeat(LEVELS)}`;

function overlapping(i: number): string {
  const levels = Array.from({ length: LEVELS }, (_, level) => ((i >> level) & 1 ? '+' : 'a'));
  return `deep/${levels.join('/')}/#`;
}

describe('integration: publishers whose messages are much work', () => {
  let broker: Broker;
  let pair: HonestPair;
  let greedy: PacketLink;
  const sockets: Socket[] = [];

  before(
    'start the server, with a client that subscribes much',
    async function (this: Mocha.Context) {
      this.timeout(90_000);
      broker = await startBroker({ compiled: isBuildCurrent() });
      let granted = 0;
      greedy = new PacketLink(broker, {
        onOpen: () => {
          greedy.send(connect({ clientId: 'greedy', keepAlive: 0 }));
          for (let i = 0; i < FILTERS; i += FILTERS_OF_A_PACKET) {
            const filters = Array.from(
              { length: FILTERS_OF_A_PACKET },
              (_, j) => [overlapping(i + j), 0] as const,
            );
            greedy.send(subscribe(i + 1, ...filters));
          }
        },
        onPacket: (packet) => {
          if (packet.type === 'suback') granted += FILTERS_OF_A_PACKET;
        },
        onClose: () => undefined,
      });
      await eventually('everything is subscribed', () => granted === FILTERS, 60_000);
    },
  );

  after('stop the server', async function (this: Mocha.Context) {
    this.timeout(30_000);
    greedy.drop();
    await disposeBroker(broker);
  });

  beforeEach(async () => {
    pair = new HonestPair(broker, `pair-${sockets.length}`);
    await eventually('the honest pair is at work', () => pair.received > 10);
  });

  afterEach(() => {
    pair.end();
    for (const socket of sockets) socket.destroy();
  });

  async function publisher(): Promise<Socket> {
    const socket = netConnect({ host: broker.host, port: broker.port });
    // The server may close in the middle.
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'connect');
    sockets.push(socket);
    socket.write(connect({ clientId: `publisher-${sockets.length}` }));
    return socket;
  }

  async function holdNobodyUp(qos: QoS, topic: (i: number) => string): Promise<void> {
    const publishers: Socket[] = [];
    for (let i = 0; i < PUBLISHERS; i++) publishers.push(await publisher());
    let count = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const socket of publishers) {
        while (!socket.destroyed && socket.writableLength < BYTES_AT_ONCE) {
          const id = (count % 65_535) + 1;
          socket.write(publish({ topic: topic(count++), qos, id, payload: 'x' }));
        }
      }
      await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
    }
    for (const socket of publishers) socket.destroy();
    await eventually('the honest pair is done', () => pair.finish(), 60_000);
    expect(pair.disturbances).to.deep.equal([]);
    console.log(
      `      p99 ${pair.latencyMs(0.99).toFixed(1)} ms, longest ${pair.latencyMs(1).toFixed(0)} ms`,
    );
    if (!isMosquitto) expect(pair.latencyMs(1)).to.be.below(MAX_LATENCY_MS);
  }

  it('because one client matches each with all of its filters hold up nobody', async function () {
    this.timeout(120_000);
    await holdNobodyUp(1, () => `${DEEP}x`);
  });

  it('because each goes to a new topic as well hold up nobody', async function () {
    this.timeout(120_000);
    await holdNobodyUp(0, (i) => `${DEEP}${String(i)}`);
  });
});
