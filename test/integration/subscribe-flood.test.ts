import type { Broker } from '../helpers/broker.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { Flood } from '../helpers/flood.ts';
import { field, frame, subscribe, uint16 } from '../helpers/packets.ts';
import { brokerOfSuite } from '../helpers/start-broker.ts';

const ATTACKERS = 25;
const PACKETS = 10_000;
/** The machine may be busy with other things; without turns it was 20 s, and more than a minute for the second one. */
const MAX_LATENCY_MS = 5_000;
/** Filters of one packet just below the limit of its size. */
const MANY_FILTERS = 200_000;

describe('integration: clients that subscribe as fast as they can send', () => {
  let broker: Broker;
  let flood: Flood;
  let floods = 0;

  brokerOfSuite({ compiled: isBuildCurrent() }, (started) => {
    broker = started;
  });

  beforeEach(async () => {
    flood = await Flood.beside(broker, `attacker-${++floods}`);
  });

  afterEach(() => {
    flood.end();
  });

  async function holdsNobodyUp(bytes: Buffer, attackers: number): Promise<void> {
    await flood.run(attackers, (socket) => {
      if (socket.writableLength < bytes.length) socket.write(bytes);
    });
    await flood.expectNobodyHeldUp(MAX_LATENCY_MS);
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
