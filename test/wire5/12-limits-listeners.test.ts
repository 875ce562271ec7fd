import { expect } from 'chai';
import { ack5, publish5 } from '../helpers/packets5.ts';
import { numberOf } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useListeners } from '../wire/limited-listeners.ts';

const MESSAGE_RATE_TOO_HIGH = 0x96;
const QUOTA_EXCEEDED = 0x97;
const CONNECTION_RATE_EXCEEDED = 0x9f;

describe('wire5: 12 limits: each listener has its own', () => {
  if (isMosquitto) return;
  const listeners = useListeners({
    few: ['maxConn = 1'],
    'per-ip': ['maxConnPerIp = 1'],
    rate: ['maxConnRate = 1'],
    refusing: ['maxPublishRate = 2', 'publishRateExceeded = refuse'],
    bytes: ['maxPublishBytesRate = 100', 'publishRateExceeded = refuse'],
    strict: ['maxPublishRate = 2', 'publishRateExceeded = disconnect'],
    small: ['receiveMaximum = 3', 'topicAliasMaximum = 0', 'maxPacketSizeInByte = 1500'],
  });

  for (const listener of ['few', 'per-ip']) {
    it(`refuses one connection too many with CONNACK 0x97: ${listener}`, async () => {
      await listeners.connected5(listener);
      const refused = await listeners.connected5(listener);
      expect(refused.connack.code).to.equal(QUOTA_EXCEEDED);
      await refused.raw.expectClose();
    });
  }

  it('refuses connections that come too fast with CONNACK 0x9F', async () => {
    const codes: number[] = [];
    for (let i = 0; i < 10; i++) codes.push((await listeners.connected5('rate')).connack.code);
    expect(codes[0]).to.equal(0);
    expect(codes).to.include(CONNECTION_RATE_EXCEEDED);
  });

  for (const [listener, payload, accepted] of [
    ['refusing', 10, 2],
    ['bytes', 90, 1],
  ] as const) {
    it(`answers publishes over the rate with 0x97: ${listener}`, async () => {
      const client = await listeners.connected5(listener);
      const message = { topic: 't', payload: Buffer.alloc(payload) };
      const burst = Array.from({ length: 6 }, (_, i) =>
        publish5({ ...message, qos: i % 2 === 0 ? 1 : 2, id: i + 1 }),
      );
      client.send(Buffer.concat(burst));
      const codes: number[] = [];
      for (let i = 0; i < burst.length; i++) {
        const packet = await client.read();
        if ('code' in packet) codes.push(packet.code);
      }
      expect(codes).to.have.lengthOf(burst.length);
      const first = codes.indexOf(QUOTA_EXCEEDED);
      expect(first).to.be.within(accepted, accepted + 1);
      // An identifier whose PUBREC was an error is free again.
      client.send(ack5('pubrel', 6));
      await client.ack('pubcomp', 6, 0x92);
      await client.ping();
    });
  }

  it('ends with DISCONNECT 0x96 where it is told to', async () => {
    const client = await listeners.connected5('strict');
    client.send(Buffer.concat(Array<Buffer>(10).fill(publish5({ topic: 't' }))));
    await client.disconnected(MESSAGE_RATE_TOO_HIGH);
  });

  it('tells in CONNACK what holds on the listener', async () => {
    const { connack } = await listeners.connected5('small');
    expect(numberOf(connack.properties, 'receiveMaximum')).to.equal(3);
    expect(numberOf(connack.properties, 'maximumPacketSize')).to.equal(1500);
    expect(numberOf(connack.properties, 'topicAliasMaximum') ?? 0).to.equal(0);
    const other = await listeners.connected5('refusing');
    expect(numberOf(other.connack.properties, 'receiveMaximum')).to.equal(1024);
  });
});
