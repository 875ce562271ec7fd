import { expect } from 'chai';
import { publish, puback, suback, subscribe } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

describe('wire: 02 overlapping subscriptions', () => {
  const wire = useWire();

  it('each deliver their copy at their own QoS [MQTT-3.3.5-1]', async function () {
    // mosquitto sends one copy at the highest QoS, which MQTT allows too.
    if (isMosquitto) this.skip();
    const first = wire.name('overlap');
    const topic = `${first}/a`;
    const client = await wire.connected();
    client.send(subscribe(1, [topic, 0], [`${first}/+`, 1], [`${first}/#`, 2]));
    await client.expect(suback(1, 0, 1, 2));
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'x', qos: 2, id: 1 }));
    const copies = [
      await client.readPublish(),
      await client.readPublish(),
      await client.readPublish(),
    ];
    expect(copies.map((copy) => copy.qos)).to.have.members([0, 1, 2]);
    expect(copies.map((copy) => copy.payload.toString())).to.deep.equal(['x', 'x', 'x']);
    expect(copies.filter((copy) => copy.qos > 0).map((copy) => copy.id)).to.deep.equal([1, 2]);
    await client.expectNothing();
  });

  it('keeps one copy for a filter that is subscribed twice in one packet', async () => {
    const topic = wire.name('double');
    const client = await wire.connected();
    client.send(subscribe(1, [topic, 0], [topic, 1]));
    await client.expect(suback(1, 0, 1));
    client.send(publish({ topic, payload: 'x', qos: 1, id: 1 }));
    const packets = [await client.readPacket(), await client.readPacket()];
    const copies = packets.filter((packet) => packet.type === 'publish');
    expect(copies).to.have.lengthOf(1);
    expect(copies[0]).to.include({ qos: 1, id: 1 });
    client.send(puback(1));
    await client.expectNothing();
  });
});
