import { once } from 'node:events';
import { expect } from 'chai';
import { connect5, publish5, subscribe5 } from '../helpers/packets5.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { useTransportBroker } from '../helpers/transport-broker.ts';
import { dial, dialSocket, TRANSPORTS, webSocketOver } from '../helpers/transport.ts';
import { Client5 } from './client5.ts';

const CLOSED_FOR_TEXT = 1003;
const TEST_TIMEOUT_MS = 15_000;

describe('wire5: 14 transports', () => {
  const broker = useTransportBroker();
  const clients: RawClient[] = [];

  beforeEach(function (this: Mocha.Context) {
    this.currentTest?.timeout(TEST_TIMEOUT_MS);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.drop()));
  });

  for (const transport of TRANSPORTS) {
    it(`${transport} carries the packets of a client in order and complete [MQTT-4.2.0-1]`, async () => {
      const raw = RawClient.over(await dial(transport, broker().address(transport)));
      clients.push(raw);
      raw.send(connect5({ clientId: `order-${transport}` }));
      const client = await Client5.accept(raw);
      const topic = `v5-order-${transport}`;
      client.send(subscribe5(1, [[topic, 0]]));
      await client.suback(1, 0);
      const packets = Array.from({ length: 200 }, (_, i) =>
        publish5({ topic, payload: `${String(i)} ${'x'.repeat(i * 10)}` }),
      );
      client.send(...packets);
      await client.raw.expect(...packets);
      await client.ping();
    });
  }

  for (const transport of ['ws', 'wss'] as const) {
    it(`${transport}: the subprotocol is mqtt, and what comes are binary frames [MQTT-6.0.0-1] [MQTT-6.0.0-4]`, async () => {
      const address = { ...broker().address(transport), protocols: ['chat', 'mqtt'] };
      const ws = webSocketOver(await dialSocket(transport, address), address);
      await once(ws, 'open');
      expect(ws.protocol).to.equal('mqtt');
      ws.send(connect5({ clientId: `binary-${transport}` }));
      const [data, isBinary] = (await once(ws, 'message')) as [Buffer, boolean];
      expect(isBinary).to.equal(true);
      expect(data[0]).to.equal(0x20);
      ws.close();
      await once(ws, 'close');
    });

    it(`${transport}: a text frame closes the connection [MQTT-6.0.0-1]`, async () => {
      const address = broker().address(transport);
      const ws = webSocketOver(await dialSocket(transport, address), address);
      await once(ws, 'open');
      ws.send(connect5({ clientId: `text-${transport}` }));
      await once(ws, 'message');
      ws.send('text');
      const [code] = (await once(ws, 'close')) as [number];
      expect(code).to.equal(CLOSED_FOR_TEXT);
    });

    it(`${transport}: packets are where they are, not where frames begin [MQTT-6.0.0-2]`, async () => {
      const address = broker().address(transport);
      const raw = RawClient.over(await dial(transport, address));
      clients.push(raw);
      // One frame a byte.
      await raw.sendByteByByte(connect5({ clientId: `bytes-${transport}` }));
      const client = await Client5.accept(raw);
      const topic = `v5-frames-${transport}`;
      const message = publish5({ topic, payload: 'x' });
      // Two packets and a half in one frame, and the rest with another one.
      client.send(subscribe5(1, [[topic, 0]]), message, message.subarray(0, 5));
      await client.suback(1, 0);
      await client.publish({ topic });
      client.send(message.subarray(5), message);
      await client.publish({ topic });
      await client.publish({ topic });
    });
  }
});
