import { expect } from 'chai';
import { puback, publish, suback, subscribe } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

const MAX_ID = 65_535;
const BATCH = 500;
const KEPT_IN_FLIGHT = 4;
const ACKS_AT_A_TIME = 12;

describe('wire: 03 packet ids of deliveries', () => {
  const wire = useWire();

  it('count up from 1 in each session, whatever other clients receive [MQTT-2.3.1-1]', async () => {
    const topic = wire.name('count');
    const early = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'a', qos: 1, id: 900 }));
    await early.expect(publish({ topic, payload: 'a', qos: 1, id: 1 }));
    const late = await wire.subscribed(topic, 2);
    for (const [i, payload] of ['b', 'c', 'd'].entries()) {
      sender.send(publish({ topic, payload, qos: 1, id: 901 + i }));
      await early.expect(publish({ topic, payload, qos: 1, id: i + 2 }));
      await late.expect(publish({ topic, payload, qos: 1, id: i + 1 }));
      early.send(puback(i + 2));
    }
  });

  it('count over all subscriptions of a session together and skip QoS 0', async () => {
    const own = wire.name('together');
    const client = await wire.connected();
    client.send(subscribe(1, [`${own}/a`, 1], [`${own}/b/#`, 1], [`${own}/c`, 0]));
    await client.expect(suback(1, 1, 1, 0));
    const sender = await wire.connected();
    const ids: number[] = [];
    for (const topic of ['a', 'c', 'b/x', 'a', 'c', 'b/y']) {
      sender.send(publish({ topic: `${own}/${topic}`, qos: 1, id: 77 }));
      await sender.expect(puback(77));
      ids.push((await client.readPublish()).id);
    }
    expect(ids).to.deep.equal([1, 0, 2, 3, 0, 4]);
  });

  it('wrap from 65535 to 1 and never reuse one in flight [MQTT-2.3.1-4]', async function () {
    this.timeout(30_000);
    const topic = wire.name('wrap');
    const client = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    const total = MAX_ID + 1_000;
    const inFlight: number[] = [];
    let sent = 0;
    for (let received = 0; received < total; received++) {
      if (sent === received) {
        const batch: Buffer[] = [];
        for (const end = Math.min(total, sent + BATCH); sent < end; sent++) {
          batch.push(publish({ topic, payload: 'w', qos: 1, id: (sent % MAX_ID) + 1 }));
        }
        sender.send(...batch);
      }
      const { id } = await client.readPublish();
      if (id !== (received % MAX_ID) + 1) expect(id).to.equal((received % MAX_ID) + 1);
      inFlight.push(id);
      // The newest ones are left, so the wrap meets identifiers in flight.
      if (inFlight.length === KEPT_IN_FLIGHT + ACKS_AT_A_TIME) {
        client.send(...inFlight.splice(0, ACKS_AT_A_TIME).map(puback));
      }
    }
  });

  it('skip one that is in flight for a whole round [MQTT-2.3.1-4]', async function () {
    // mosquitto does not look whether an id is in flight.
    if (isMosquitto) this.skip();
    this.timeout(30_000);
    const topic = wire.name('late');
    const client = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    const seen = new Set<number>();
    let held = 0;
    for (let i = 0; i < MAX_ID + 100; i++) {
      sender.send(publish({ topic, payload: 'w', qos: 1, id: (i % MAX_ID) + 1 }));
      // A server may stop for a message that is never acknowledged; it must not reuse its id.
      const packet = await client.readPacket(500).catch(() => undefined);
      if (packet === undefined) break;
      if (packet.type !== 'publish') throw new Error(`unexpected ${packet.type}`);
      if (i === 0) held = packet.id;
      else expect(packet.id).to.not.equal(held);
      seen.add(packet.id);
      if (i > 0) client.send(puback(packet.id));
    }
    expect(seen.size).to.be.above(wire.broker.options.maxInflight);
  });
});
