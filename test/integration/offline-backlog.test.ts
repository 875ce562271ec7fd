import { expect } from 'chai';
import type { Broker } from '../helpers/broker.ts';
import { eventually } from '../helpers/eventually.ts';
import { mebibytes, RssProbe } from '../helpers/rss-probe.ts';
import { brokerOfSuite, isMosquitto } from '../helpers/start-broker.ts';
import { StreamPublisher } from '../helpers/stream-publisher.ts';
import { StreamSubscriber } from '../helpers/stream-subscriber.ts';

const MESSAGES = 1_000_000;
const MAX_INFLIGHT = 1024;
const TOPIC = 'backlog/a';
const MAX_RSS = 700 * 1024 * 1024;

describe('integration: a backlog of a million messages', () => {
  let broker: Broker;

  brokerOfSuite({ maxInflight: MAX_INFLIGHT }, (started) => {
    broker = started;
  });

  it('of a persistent session drains completely and in order [MQTT-3.1.2-5] [MQTT-4.6.0-6]', async function () {
    this.timeout(120_000);
    const session = { clientId: 'sleeper', clean: false, qos: 1 } as const;
    const first = await StreamSubscriber.open(broker, { ...session, filter: 'backlog/+' });
    await first.leave();

    const probe = new RssProbe(broker);
    const start = performance.now();
    const publisher = await StreamPublisher.open(broker, {
      clientId: 'filler',
      topic: TOPIC,
      payloadBytes: 16,
      window: 10_000,
    });
    await publisher.publish(MESSAGES);
    publisher.close();
    const filled = performance.now();

    const again = await StreamSubscriber.open(broker, session);
    await eventually('all messages', () => again.received >= MESSAGES, 90_000, 50);
    const drained = performance.now();
    await again.leave();
    probe.stop();
    expect(again.received).to.equal(MESSAGES);
    expect(again.outOfOrder).to.equal(0);

    const third = await StreamSubscriber.open(broker, session);
    await third.leave();
    expect(third.received, 'repeated after all was acknowledged').to.equal(0);
    const rate = (ms: number): string => `${Math.round(MESSAGES / ms)}k/s`;
    console.log(
      `      in ${rate(filled - start)}, out ${rate(drained - filled)}, RSS ${mebibytes(probe.peak)} MiB`,
    );
    // mosquitto holds the backlog in memory.
    if (!isMosquitto) expect(probe.peak).to.be.below(MAX_RSS);
  });
});
