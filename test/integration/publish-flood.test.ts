import type { Broker } from '../helpers/broker.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { Flood } from '../helpers/flood.ts';
import { PacketLink } from '../helpers/packet-link.ts';
import { connect, publish, subscribe, type QoS } from '../helpers/packets.ts';
import { disposeBroker, startBroker } from '../helpers/start-broker.ts';

const FILTERS = 5000;
const FILTERS_OF_A_PACKET = 500;
/** Levels that a filter may leave open, so that each filter is another one and all match. */
const LEVELS = 13;
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
  let flood: Flood;
  let floods = 0;
  let greedy: PacketLink;

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
    flood = await Flood.beside(broker, `publisher-${++floods}`);
  });

  afterEach(() => {
    flood.end();
  });

  async function holdNobodyUp(qos: QoS, topic: (i: number) => string): Promise<void> {
    let count = 0;
    await flood.run(PUBLISHERS, (socket) => {
      while (!socket.destroyed && socket.writableLength < BYTES_AT_ONCE) {
        const id = (count % 65_535) + 1;
        socket.write(publish({ topic: topic(count++), qos, id, payload: 'x' }));
      }
    });
    flood.drop();
    await flood.expectNobodyHeldUp(MAX_LATENCY_MS);
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
