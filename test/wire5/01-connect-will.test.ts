import { connect5, disconnect5 } from '../helpers/packets5.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 01 CONNECT with a will', () => {
  const wire = useWire5();

  for (const qos of [0, 1, 2] as const) {
    it(`is accepted with all will properties at QoS ${qos} [MQTT-3.1.2-9]`, async () => {
      const packet = connect5({
        clientId: wire.name('mortal'),
        username: 'user',
        will: {
          topic: wire.name('will'),
          payload: 'gone',
          qos,
          properties: [
            ['willDelay', 1],
            ['payloadFormat', 1],
            ['messageExpiry', 10],
            ['contentType', 'text/plain'],
            ['responseTopic', 'a/b'],
            ['correlationData', Buffer.from([0, 1])],
            ['user', ['a', '1']],
            ['user', ['a', '1']],
          ],
        },
      });
      const client = await wire.answered(0, packet);
      await client.ping();
      client.send(disconnect5());
      await client.raw.expectClose();
    });
  }
});
