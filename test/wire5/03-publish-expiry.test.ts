import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ack5 } from '../helpers/packets5.ts';
import { numberOf, type Properties } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import type { Client5 } from './client5.ts';
import { useWire5 } from './wire5.ts';

const expiry = (seconds: number): Properties => [['messageExpiry', seconds]];

describe('wire5: 03 message expiry interval', () => {
  const wire = useWire5();

  /** A session that is subscribed and away. */
  async function away(clientId: string, topic: string): Promise<void> {
    const client: Client5 = await wire.lasting(clientId);
    await wire.subscribe(client, topic, 2);
    await client.raw.drop();
  }

  it('ends a message that waits too long, and no other [MQTT-3.3.2-5]', async () => {
    const topic = wire.name('expiry');
    const clientId = wire.name('session');
    await away(clientId, topic);
    await wire.published(
      { topic, payload: 'short 1', qos: 1, properties: expiry(1) },
      { topic, payload: 'never', qos: 1 },
      { topic, payload: 'short 2', qos: 2, properties: expiry(1) },
      { topic, payload: 'long', qos: 1, properties: expiry(100) },
    );
    await sleep(2_500);
    const again = await wire.lasting(clientId, true);
    await again.publish({ payload: 'never', properties: [] });
    const long = await again.publish({ payload: 'long' });
    expect(numberOf(long.properties, 'messageExpiry')).to.be.within(96, 98);
    await again.raw.expectNothing();
  });

  it('is counted down while a message waits [MQTT-3.3.2-6]', async () => {
    const topic = wire.name('expiry');
    const clientId = wire.name('session');
    await away(clientId, topic);
    await wire.published({ topic, payload: 'x', qos: 2, properties: expiry(60) });
    await sleep(2_200);
    const again = await wire.lasting(clientId, true);
    const packet = await again.publish({ payload: 'x' });
    expect(numberOf(packet.properties, 'messageExpiry')).to.be.within(56, 58);
  });

  it('counts for a message that waits for room in the receive maximum [MQTT-3.3.2-5] [MQTT-3.3.2-6]', async function () {
    // mosquitto 2.0.11 stops behind the one that has ended.
    if (isMosquitto) this.skip();
    const topic = wire.name('expiry');
    const client = await wire.connected({ properties: [['receiveMaximum', 1]] });
    await wire.subscribe(client, topic, 1);
    await wire.published(
      { topic, payload: 'first', qos: 1 },
      { topic, payload: 'short', qos: 1, properties: expiry(1) },
      { topic, payload: 'long', qos: 1, properties: expiry(50) },
    );
    await client.publish({ payload: 'first', id: 1 });
    await sleep(2_500);
    client.send(ack5('puback', 1));
    const packet = await client.publish({ payload: 'long' });
    expect(numberOf(packet.properties, 'messageExpiry')).to.be.within(46, 48);
    client.send(ack5('puback', packet.id));
    await client.raw.expectNothing(50);
  });

  it('holds for a client of 3.1.1 too, which does not see it [MQTT-3.3.2-5]', async () => {
    const topic = wire.name('expiry');
    const clientId = wire.name('session');
    const first = await wire.v4.subscribed(topic, 1, { clientId, clean: false });
    await first.drop();
    await wire.published(
      { topic, payload: 'short', qos: 1, properties: expiry(1) },
      { topic, payload: 'long', qos: 1, properties: expiry(100) },
    );
    await sleep(2_500);
    const again = await wire.v4.connected({ clientId, clean: false }, true);
    expect((await again.readPublish()).payload.toString()).to.equal('long');
    await again.expectNothing(50);
  });

  it('does not end a message that goes on at once, and neither the largest interval', async () => {
    const topic = wire.name('expiry');
    const receiver = await wire.subscribed(topic, 1);
    await wire.published(
      { topic, payload: '0', properties: expiry(30) },
      { topic, payload: '1', qos: 1, properties: expiry(0xffff_ffff) },
    );
    const zero = await receiver.publish({ payload: '0', qos: 0 });
    expect(numberOf(zero.properties, 'messageExpiry')).to.be.within(29, 30);
    const one = await receiver.publish({ payload: '1', qos: 1 });
    expect(numberOf(one.properties, 'messageExpiry')).to.be.within(0xffff_fffd, 0xffff_ffff);
  });
});
