import { expect } from 'chai';
import type { Broker } from '../helpers/broker.ts';
import { eventually } from '../helpers/eventually.ts';
import { mebibytes, RssProbe } from '../helpers/rss-probe.ts';
import { brokerOfSuite, isMosquitto } from '../helpers/start-broker.ts';
import { StreamPublisher } from '../helpers/stream-publisher.ts';
import { StreamSubscriber } from '../helpers/stream-subscriber.ts';

const PAYLOAD_BYTES = 64 * 1024;
const GIGABYTE_MESSAGES = Math.ceil(1_000_000_000 / PAYLOAD_BYTES);
const BASELINE_MESSAGES = 2_000;
const MAX_SLOWDOWN = 4;
const MAX_GAP_MS = 3_000;
const MAX_RSS = 700 * 1024 * 1024;

describe('integration: subscribers that stop reading, at QoS 0 and 1,', () => {
  let broker: Broker;

  brokerOfSuite({}, (started) => {
    broker = started;
  });

  it('neither grows the process nor slows another while 1 GB is published', async function () {
    this.timeout(180_000);
    const keen = await subscribe('keen', 'flood/a', 1);
    const publisher = await StreamPublisher.open(broker, {
      clientId: 'flood',
      topic: 'flood/a',
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

    const stalledAt0 = await subscribe('stalled0', 'flood/+', 0);
    const stalledAt1 = await subscribe('stalled1', 'flood/#', 1);
    for (const stalled of [stalledAt0, stalledAt1]) {
      stalled.next = BASELINE_MESSAGES;
      stalled.stall();
    }
    const probe = new RssProbe(broker);
    keen.resetGap();
    const besideMs = await measure(GIGABYTE_MESSAGES);
    probe.stop();
    const megabytesPerSecond = (ms: number): number => Math.round(PAYLOAD_BYTES / 1000 / ms);
    console.log(
      `      alone ${megabytesPerSecond(undisturbedMs)} MB/s, beside ${megabytesPerSecond(besideMs)} MB/s,` +
        ` longest gap ${Math.round(keen.longestGapMs)} ms, RSS ${mebibytes(probe.peak)} MiB`,
    );
    expect(keen.outOfOrder).to.equal(0);
    expect(besideMs).to.be.below(undisturbedMs * MAX_SLOWDOWN);
    expect(keen.longestGapMs).to.be.below(MAX_GAP_MS);
    // mosquitto queues in memory without limit as the tests configure it.
    if (!isMosquitto) expect(probe.peak, 'peak RSS').to.be.below(MAX_RSS);

    // At QoS 1 the slow one misses nothing once it reads again.
    stalledAt1.resume();
    await eventually('it catches up', () => stalledAt1.received >= GIGABYTE_MESSAGES, 60_000);
    expect(stalledAt1.received).to.equal(GIGABYTE_MESSAGES);
    expect(stalledAt1.outOfOrder).to.equal(0);
    // At QoS 0 the rest was dropped, but once it has read what waited it receives again.
    stalledAt0.resume();
    await eventually('it receives again', async () => {
      await measure(1);
      return stalledAt0.next === keen.next;
    });
    if (!isMosquitto) expect(stalledAt0.received).to.be.below(GIGABYTE_MESSAGES);
    for (const client of [keen, stalledAt0, stalledAt1, publisher]) client.close();
  });

  async function subscribe(
    clientId: string,
    filter: string,
    qos: 0 | 1,
  ): Promise<StreamSubscriber> {
    return StreamSubscriber.open(broker, { clientId, clean: true, filter, qos });
  }
});
