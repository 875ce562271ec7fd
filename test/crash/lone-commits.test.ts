import { expect } from 'chai';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Broker } from '../helpers/broker.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { Random } from '../helpers/random.ts';
import { disposeBroker, isMosquitto, startBroker } from '../helpers/start-broker.ts';
import { CrashPublisher } from './crash-publisher.ts';
import { CrashSubscriber } from './crash-subscriber.ts';
import { CrashWorld } from './crash-world.ts';

const KILLS = 12;
const MAX_LIFE_MS = 600;
const TOPIC = 'lone/a';
const DRAIN_TIMEOUT_MS = 60_000;
/** What an entry of the journal holds at low rates. */
const SMALL_BYTES = 8 * 1024;

/** Length of the first entry of a store's journal; 0 when there is none. */
async function firstEntryBytes(directory: string): Promise<number> {
  const files = await readdir(directory, { recursive: true });
  const journal = files.find((file) => basename(file) === 'journal');
  if (journal === undefined) return 0;
  const bytes = await readFile(join(directory, journal));
  return bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
}

describe('crash: SIGKILL while one publisher fills its window again and again', () => {
  let broker: Broker;

  before('start the server', async function (this: Mocha.Context) {
    this.timeout(60_000);
    if (isMosquitto) this.skip();
    broker = await startBroker({ compiled: isBuildCurrent(), maxInflight: 1000 });
  });

  after('stop the server', async function (this: Mocha.Context) {
    this.timeout(30_000);
    if (!isMosquitto) await disposeBroker(broker);
  });

  it(`loses and reorders nothing over ${KILLS} kills with large commits in the journal [MQTT-4.3.2-1] [MQTT-4.4.0-1]`, async function () {
    this.timeout(60_000 + KILLS * 10_000);
    const world = new CrashWorld(broker, Random.fromEnvironment());
    const bunches = { window: 100, padding: 'x'.repeat(200) };
    const subscriber = new CrashSubscriber(world, 'subscriber', 1, ['lone/#']);
    await eventually('the subscriber is there', () => subscriber.isSubscribed);
    const publisher = new CrashPublisher(world, 'bunches', 1, [TOPIC], bunches);
    let largest = 0;
    try {
      for (let i = 0; i < KILLS && world.violations.length === 0; i++) {
        await world.crash(MAX_LIFE_MS, async () => {
          largest = Math.max(largest, await firstEntryBytes(broker.dataDir));
        });
      }
      expect(world.violations, `seed ${world.random.seed}`).to.deep.equal([]);
      subscriber.stay();
      await eventually('all is acknowledged', () => publisher.finish(), DRAIN_TIMEOUT_MS);
      const isHere = (): boolean =>
        subscriber.streams.last('bunches', TOPIC) === publisher.sent.get(TOPIC);
      await eventually('all has arrived', isHere, DRAIN_TIMEOUT_MS);
    } finally {
      publisher.end();
      subscriber.end();
    }
    console.log(`      ${publisher.acknowledged} messages acknowledged, ${largest} bytes`);
    expect(world.violations, `seed ${world.random.seed}`).to.deep.equal([]);
    expect(largest, `seed ${world.random.seed}`).to.be.above(SMALL_BYTES);
  });
});
