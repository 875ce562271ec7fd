import { expect } from 'chai';
import type { Broker } from '../helpers/broker.ts';
import { eventually } from '../helpers/eventually.ts';
import { mebibytes, RssProbe } from '../helpers/rss-probe.ts';
import { disposeBroker, isMosquitto, startBroker } from '../helpers/start-broker.ts';
import { StreamPublisher } from '../helpers/stream-publisher.ts';
import { StreamSubscriber } from '../helpers/stream-subscriber.ts';

const PAYLOAD_BYTES = 64 * 1024;
const GIGABYTE_MESSAGES = 1_000_000_000 / PAYLOAD_BYTES;
const BASELINE_MESSAGES = 2_000;
const TOPIC = 'flood/a';
const MAX_RSS = 700 * 1024 * 1024;

describe('integration: a subscriber that stops reading', () => {
  let broker: Broker;

  before('start the server', async function (this: Mocha.Context) {
    this.timeout(60_000);
    broker = await startBroker();
  });

  after('stop the server', async function (this: Mocha.Context) {
    this.timeout(30_000);
    await disposeBroker(broker);
  });

  for (const qos of [0, 1] as const) {
    it(`at QoS ${qos} neither grows the process nor slows another while 1 GB is published`, async function () {
      this.timeout(120_000);
      const topic = `${TOPIC}/${qos}`;
      const keen = await StreamSubscriber.open(broker, {
        clientId: `keen${qos}`,
        clean: true,
        filter: topic,
        qos: 1,
      });
      const publisher = await StreamPublisher.open(broker, {
        clientId: `flood${qos}`,
        topic,
        payloadBytes: PAYLOAD_BYTES,
        window: 32,
      });
      /** Publishes and waits until the keen subscriber has it all; ms per message. */
      const measure = async (count: number): Promise<number> => {
        const start = performance.now();
        const target = keen.received + count;
        await publisher.publish(count);
        await eventually('the keen subscriber has all', () => keen.received >= target, 60_000);
        return (performance.now() - start) / count;
      };
      const undisturbedMs = await measure(BASELINE_MESSAGES);

      const stalled = await StreamSubscriber.open(broker, {
        clientId: `stalled${qos}`,
        clean: true,
        filter: `flood/+/${qos}`,
        qos,
      });
      stalled.next = BASELINE_MESSAGES;
      stalled.stall();
      const probe = new RssProbe(broker);
      keen.resetGap();
      const besideMs = await measure(Math.ceil(GIGABYTE_MESSAGES));
      probe.stop();
      const megabytesPerSecond = (ms: number): number => Math.round(PAYLOAD_BYTES / 1000 / ms);
      console.log(
        `      alone ${megabytesPerSecond(undisturbedMs)} MB/s, beside ${megabytesPerSecond(besideMs)} MB/s,` +
          ` longest gap ${Math.round(keen.longestGapMs)} ms, RSS ${mebibytes(probe.peak)} MiB`,
      );
      expect(keen.outOfOrder).to.equal(0);
      expect(besideMs).to.be.below(undisturbedMs * 3 + 0.5);
      expect(keen.longestGapMs).to.be.below(3_000);
      // mosquitto queues in memory without limit as the tests configure it.
      if (!isMosquitto) expect(probe.peak, 'peak RSS').to.be.below(MAX_RSS);

      stalled.resume();
      if (qos === 1) {
        const total = Math.ceil(GIGABYTE_MESSAGES);
        await eventually('the slow one catches up', () => stalled.received >= total, 60_000);
        expect(stalled.received).to.equal(total);
        expect(stalled.outOfOrder).to.equal(0);
      } else {
        // At QoS 0 the rest is dropped, but what comes now is delivered again.
        const before = stalled.received;
        await eventually('it has read what waited', () => stalled.received > before || before > 0);
        await measure(10);
        await eventually('it receives again', () => stalled.next === keen.next);
      }
      for (const client of [keen, stalled, publisher]) client.close();
    });
  }
});
