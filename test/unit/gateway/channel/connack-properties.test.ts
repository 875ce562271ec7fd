import { expect } from 'chai';
import { subscribe5, unsubscribe5 } from '../../../helpers/packets5.ts';
import { numberOf, textOf, type Properties } from '../../../helpers/properties5.ts';
import { connected5, FakeClient5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

const RULES = { responseInformation: 'reply/{clientId}' };
const ASKS: Properties = [['requestResponseInformation', 1]];

async function informationFor(
  properties: Properties,
  clientId = 'c5',
  rules = RULES,
): Promise<string | undefined> {
  const { connack } = await connected5(new World({ rules }), { clientId, properties });
  return textOf(connack.properties, 'responseInformation');
}

describe('gateway: response information', () => {
  it('is for a client that asks, and for no other [MQTT-3.1.2-28]', async () => {
    expect(await informationFor(ASKS)).to.equal('reply/c5');
    expect(await informationFor([])).to.equal(undefined);
    expect(await informationFor([['requestResponseInformation', 0]])).to.equal(undefined);
  });

  it('has an assigned identifier in it, and is left out for one that no topic name may have', async () => {
    expect(await informationFor(ASKS, '')).to.match(/^reply\/lmqtt-/);
    expect(await informationFor(ASKS, 'a+b')).to.equal(undefined);
    expect(await informationFor(ASKS, '$&')).to.equal('reply/$&');
  });

  it('is not sent unless configured', async () => {
    expect(await informationFor(ASKS, 'c5', { responseInformation: '' })).to.equal(undefined);
  });
});

describe('gateway: answers to a client that takes small packets', () => {
  const small = (bytes: number, ...more: Properties): { properties: Properties } => ({
    properties: [['maximumPacketSize', bytes], ...more],
  });

  it('CONNACK goes without response information where that would not fit [MQTT5-3.1.2-24]', async () => {
    const world = new World({ rules: RULES });
    const full = await connected5(world, small(60, ...ASKS));
    expect(textOf(full.connack.properties, 'responseInformation')).to.equal('reply/c5');
    const less = await connected5(world, small(25, ...ASKS));
    expect(textOf(less.connack.properties, 'responseInformation')).to.equal(undefined);
    expect(numberOf(less.connack.properties, 'receiveMaximum')).to.be.a('number');
  });

  it('CONNACK that does not fit at all is a refusal with 0x95, or just the close', async () => {
    const world = new World();
    const refused = await new FakeClient5(world).connect(small(5));
    expect(refused.connack).to.deep.include({ code: 0x95, properties: [] });
    expect(refused.closed).to.equal(true);
    const silent = new FakeClient5(world);
    const failure = await silent.connect(small(4)).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error);
    expect(silent.closed).to.equal(true);
    expect(world.context.sessions.size).to.equal(0);
  });

  it('CONNACK of a refusal has a reason string where it fits [MQTT-3.2.2-19]', async () => {
    const world = new World({ authenticator: { authenticate: () => 'NOT_AUTHORIZED' } });
    for (const [bytes, text] of [
      [100, 'authentication failed'],
      [29, 'authentication failed'],
      [28, undefined],
      [5, undefined],
    ] as const) {
      const { connack } = await new FakeClient5(world).connect(small(bytes));
      expect(connack.code).to.equal(0x87);
      expect(textOf(connack.properties, 'reasonString'), String(bytes)).to.equal(text);
    }
  });

  it('a CONNECT that cannot be read gets none: what its client takes is not known', async () => {
    const client = await new FakeClient5(new World()).connect({
      properties: [['receiveMaximum', 0]],
    });
    expect(client.connack).to.deep.include({ code: 0x82, properties: [] });
  });

  it('SUBACK and UNSUBACK that do not fit end the connection with 0x95 [MQTT5-3.1.2-24]', async () => {
    const filters = Array.from({ length: 40 }, (_, i) => `f${String(i)}`);
    const subscribe = subscribe5(
      1,
      filters.map((filter) => [filter, 0] as const),
    );
    for (const packet of [subscribe, unsubscribe5(1, filters)]) {
      const client = await connected5(new World(), small(30));
      const [last, ...rest] = await client.exchange(packet);
      expect(rest).to.deep.equal([]);
      expect(last).to.include({ type: 'disconnect', code: 0x95 });
      expect(client.closed).to.equal(true);
    }
  });
});
