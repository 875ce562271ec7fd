import { expect } from 'chai';
import { publish } from '../../../helpers/packets.ts';
import { publish5, type Packet5, type Publish5Fields } from '../../../helpers/packets5.ts';
import { connected5, FakeClient5, subscribed5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

const BROKEN = Buffer.from([0x61, 0xff]);
const TEXT: Pick<Publish5Fields, 'properties'> = { properties: [['payloadFormat', 1]] };
const CHECKED = { payloadFormatCheck: true };

function told(packets: readonly Packet5[]): string[] {
  return packets.map((packet) => {
    const code = 'code' in packet ? ` 0x${packet.code.toString(16)}` : '';
    return packet.type + code;
  });
}

describe('gateway: payload format check (§3.3.2.3.2)', () => {
  it('answers 0x99 to a payload that is not the UTF-8 it says, and goes on', async () => {
    const world = new World({ rules: CHECKED });
    const other = await subscribed5(world, { clientId: 'other' }, 'a', 2);
    const client = await connected5(world);
    const packets = await client.exchange(
      publish5({ topic: 'a', qos: 1, id: 1, payload: BROKEN, ...TEXT }),
      publish5({ topic: 'a', qos: 2, id: 2, payload: BROKEN, ...TEXT }),
      publish5({ topic: 'a', qos: 1, id: 3, payload: 'good \u20ac\u0000', ...TEXT }),
      publish5({ topic: 'a', qos: 1, id: 4, payload: '', ...TEXT }),
    );
    expect(told(packets)).to.deep.equal(['puback 0x99', 'pubrec 0x99', 'puback 0x0', 'puback 0x0']);
    const received = await other.publishes();
    expect(received.map(({ payload }) => payload.toString())).to.deep.equal([
      'good \u20ac\u0000',
      '',
    ]);
    expect(world.stats.publishesRefused).to.equal(2);
  });

  it('ends the connection at QoS 0, which knows no other answer, after what came before', async () => {
    const world = new World({ rules: CHECKED });
    const other = await subscribed5(world, { clientId: 'other' }, 'a', 0);
    const client = await connected5(world);
    const packets = await client.exchange(
      publish5({ topic: 'a', payload: 'before' }),
      publish5({ topic: 'a', payload: BROKEN, ...TEXT }),
    );
    expect(told(packets)).to.deep.equal(['disconnect 0x99']);
    expect(await other.publishes()).to.have.length(1);
  });

  it('looks at nothing that does not say it is text', async () => {
    const world = new World({ rules: CHECKED });
    const client = await connected5(world);
    const lists: readonly Publish5Fields['properties'][] = [
      [],
      [['payloadFormat', 0]],
      [['contentType', 'text/plain']],
    ];
    for (const properties of lists) {
      const packet = publish5({
        topic: 'a',
        qos: 1,
        id: 1,
        payload: BROKEN,
        properties: properties ?? [],
      });
      expect(told(await client.exchange(packet))).to.deep.equal(['puback 0x0']);
    }
    const old = await world.connected({ clientId: 'old' });
    expect(
      await old.exchange(publish({ topic: 'a', qos: 1, id: 1, payload: BROKEN })),
    ).to.deep.equal([{ type: 'puback', id: 1 }]);
  });

  it('still learns the topic alias of a message that it refuses', async () => {
    const world = new World({ rules: CHECKED });
    const client = await connected5(world);
    const alias = ['topicAlias', 1] as const;
    const packets = await client.exchange(
      publish5({
        topic: 'a',
        qos: 1,
        id: 1,
        payload: BROKEN,
        properties: [['payloadFormat', 1], alias],
      }),
      publish5({ topic: '', qos: 1, id: 2, payload: 'x', properties: [alias] }),
    );
    expect(told(packets)).to.deep.equal(['puback 0x99', 'puback 0x0']);
  });

  it('is off unless configured', async () => {
    const client = await connected5(new World());
    const packet = publish5({ topic: 'a', qos: 1, id: 1, payload: BROKEN, ...TEXT });
    expect(told(await client.exchange(packet))).to.deep.equal(['puback 0x0']);
  });

  it('refuses a will like a message, with CONNACK 0x99', async () => {
    const world = new World({ rules: CHECKED });
    for (const [payload, code] of [
      [BROKEN, 0x99],
      [Buffer.from('good'), 0],
    ] as const) {
      const client = await new FakeClient5(world).connect({
        will: { topic: 'w', payload, ...TEXT },
      });
      expect(client.connack.code).to.equal(code);
    }
    const unchecked = await new FakeClient5(new World()).connect({
      will: { topic: 'w', payload: BROKEN, ...TEXT },
    });
    expect(unchecked.connack.code).to.equal(0);
  });
});
