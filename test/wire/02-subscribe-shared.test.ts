import { expect } from 'chai';
import { DISCONNECT, puback, publish, suback, subscribe } from '../helpers/packets.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire, type Wire } from './wire.ts';

async function member(wire: Wire, filter: string, qos: 0 | 1 | 2): Promise<RawClient> {
  const client = await wire.connected();
  client.send(subscribe(1, [filter, qos]));
  await client.expect(suback(1, qos));
  return client;
}

describe('wire: 02 shared subscriptions in MQTT 3.1.1', () => {
  const wire = useWire();

  beforeEach(function () {
    if (isMosquitto) this.skip();
  });

  for (const form of ['$share/group/', '$queue/']) {
    for (const qos of [0, 1] as const) {
      it(`${form}{filter}: each message at QoS ${qos} goes to one member`, async () => {
        const topic = wire.name('shared');
        const members = [
          await member(wire, form + topic, qos),
          await member(wire, form + topic, qos),
        ];
        const sender = await wire.connected();
        for (let i = 1; i <= 4; i++) {
          sender.send(publish({ topic, payload: String(i), qos, id: i }));
          if (qos === 1) await sender.expect(puback(i));
        }
        const received: string[][] = [];
        for (const client of members) {
          const got = [await client.readPublish(), await client.readPublish()];
          received.push(got.map(({ payload }) => payload.toString()));
          await client.expectNothing(30);
        }
        expect(received).to.deep.equal([
          ['1', '3'],
          ['2', '4'],
        ]);
      });
    }
  }

  it('what a member had when its connection broke goes to the other one', async () => {
    const topic = wire.name('shared');
    const filter = `$share/group/${topic}`;
    const first = await member(wire, filter, 1);
    const second = await member(wire, filter, 1);
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'lost', qos: 1, id: 1 }));
    await sender.expect(puback(1));
    await first.expect(publish({ topic, payload: 'lost', qos: 1, id: 1 }));
    await first.drop();
    await second.expect(publish({ topic, payload: 'lost', qos: 1, id: 1 }));
    second.send(puback(1), DISCONNECT);
  });

  for (const filter of ['$share/group', '$share/', '$share//a', '$queue/']) {
    it(`${filter} is refused with 0x80`, async () => {
      const client = await wire.connected();
      client.send(subscribe(1, [filter, 1], [wire.name('good'), 1]));
      await client.expect(suback(1, 0x80, 1));
    });
  }
});
