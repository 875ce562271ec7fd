import { expect } from 'chai';
import { connect5, publish5, subscribe5, unsubscribe5 } from '../helpers/packets5.ts';
import { numberOf } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { levels, LIMITED, LIMITS, topicOf } from '../wire/limits.ts';
import { useWire5 } from './wire5.ts';

const RECEIVE_MAXIMUM_EXCEEDED = 0x93;
const TOPIC_NAME_INVALID = 0x90;
const TOPIC_FILTER_INVALID = 0x8f;
const PACKET_TOO_LARGE = 0x95;
const QUOTA_EXCEEDED = 0x97;

describe('wire5: 12 limits and their reason codes', () => {
  if (isMosquitto) return;
  const wire = useWire5(LIMITED);
  const tooLong = [levels(LIMITS.topicLevels + 1), topicOf(LIMITS.topicLength + 1)];

  it('are told in CONNACK', async () => {
    const client = await wire.connected({ properties: [['sessionExpiry', 100_000]] });
    const { properties } = client.connack;
    expect(numberOf(properties, 'sessionExpiry')).to.equal(LIMITS.sessionExpirySeconds);
    expect(numberOf(properties, 'receiveMaximum')).to.equal(LIMITS.receiveMaximum);
    expect(numberOf(properties, 'maximumPacketSize')).to.equal(LIMITED.maxPacketBytes);
  });

  for (const topic of tooLong) {
    it(`a topic name that is too long ends with DISCONNECT 0x90: ${topic}`, async () => {
      const client = await wire.connected();
      client.send(publish5({ topic, qos: 1, id: 1 }));
      await client.disconnected(TOPIC_NAME_INVALID);
    });

    it(`a will topic that is too long is refused with CONNACK 0x90: ${topic}`, async () => {
      const will = { topic, payload: '' };
      await wire.answered(TOPIC_NAME_INVALID, connect5({ clientId: wire.name('will'), will }));
    });
  }

  it('a topic filter that is too long is answered with SUBACK 0x8F', async () => {
    const client = await wire.connected();
    client.send(
      subscribe5(
        1,
        tooLong.map((filter) => [filter, 1] as const),
      ),
    );
    await client.suback(1, TOPIC_FILTER_INVALID, TOPIC_FILTER_INVALID);
  });

  it('filters of a packet that has too many are answered with SUBACK and DISCONNECT 0x97', async () => {
    const client = await wire.connected();
    const filters = Array.from({ length: LIMITS.filtersPerPacket + 1 }, () => ['a', 1] as const);
    client.send(subscribe5(1, filters));
    await client.suback(1, ...Array<number>(LIMITS.filtersPerPacket).fill(1), QUOTA_EXCEEDED);
    client.send(
      unsubscribe5(
        2,
        filters.map(([filter]) => filter),
      ),
    );
    await client.disconnected(QUOTA_EXCEEDED);
  });

  it('a subscription too many is answered with SUBACK 0x97', async () => {
    const client = await wire.connected();
    client.send(
      subscribe5(
        1,
        ['a', 'b', 'c', 'd'].map((filter) => [filter, 0] as const),
      ),
    );
    await client.suback(1, 0, 0, 0, QUOTA_EXCEEDED);
  });

  it('a packet that is too large ends with DISCONNECT 0x95', async () => {
    const client = await wire.connected();
    client.send(publish5({ topic: 't', payload: Buffer.alloc(2048) }));
    await client.disconnected(PACKET_TOO_LARGE);
  });

  it('more publishes under way than the receive maximum end with DISCONNECT 0x93', async () => {
    const client = await wire.connected();
    const publishes = Array.from({ length: LIMITS.receiveMaximum + 1 }, (_, i) =>
      publish5({ topic: 't', qos: 2, id: i + 1 }),
    );
    client.send(Buffer.concat(publishes));
    await client.disconnected(RECEIVE_MAXIMUM_EXCEEDED);
  });
});
