import { expect } from 'chai';
import { connect5, publish5 } from '../helpers/packets5.ts';
import { numberOf, textOf } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

const BROKEN = Buffer.from([0x80]);

describe('wire5: 01 CONNECT, what the server asks for', () => {
  if (isMosquitto) return;
  const wire = useWire5({
    environment: {
      LMQTT_CONNECT_SERVER_KEEP_ALIVE_SECONDS: '60',
      LMQTT_CONNECT_RESPONSE_INFORMATION: 'reply/{clientId}/',
      LMQTT_CONNECT_PAYLOAD_FORMAT_CHECK: 'true',
    },
  });

  it('replaces the keep-alive of the client by its own and says so [MQTT-3.2.2-21]', async () => {
    for (const [keepAlive, told] of [
      [120, 60],
      [0, 60],
      [60, undefined],
    ] as const) {
      const { connack } = await wire.connected({ keepAlive });
      expect(numberOf(connack.properties, 'serverKeepAlive')).to.equal(told);
    }
  });

  it('gives response information to a client that asks, and to no other [MQTT-3.1.2-28]', async () => {
    const clientId = wire.name('asks');
    for (const [value, told] of [
      [1, `reply/${clientId}/`],
      [0, undefined],
    ] as const) {
      const client = await wire.connected({
        clientId,
        properties: [['requestResponseInformation', value]],
      });
      expect(textOf(client.connack.properties, 'responseInformation')).to.equal(told);
      await client.raw.drop();
    }
  });

  it('answers 0x99 to a payload that is not the UTF-8 which it is said to be (§3.3.2.3.2)', async () => {
    const client = await wire.connected();
    const text = { topic: 'a', payload: BROKEN, properties: [['payloadFormat', 1]] } as const;
    client.send(publish5({ ...text, qos: 1, id: 1 }));
    await client.ack('puback', 1, 0x99);
    client.send(publish5({ ...text, qos: 2, id: 2 }));
    await client.ack('pubrec', 2, 0x99);
    await client.ping();
    client.send(publish5(text));
    await client.disconnected(0x99);
  });

  it('answers such a will with CONNACK 0x99 and the close', async () => {
    const will = { topic: 'a', payload: BROKEN, properties: [['payloadFormat', 1]] } as const;
    const client = await wire.answered(0x99, connect5({ clientId: wire.name('will'), will }));
    await client.raw.expectClose();
  });
});
