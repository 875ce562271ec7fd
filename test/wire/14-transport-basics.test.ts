import {
  connack,
  connect,
  DISCONNECT,
  PINGREQ,
  PINGRESP,
  puback,
  publish,
  suback,
  subscribe,
} from '../helpers/packets.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { useTransportBroker } from '../helpers/transport-broker.ts';
import { dial, type TransportName, TRANSPORTS } from '../helpers/transport.ts';

const TEST_TIMEOUT_MS = 15_000;

let unique = 0;

describe('wire: 14 every transport', () => {
  const broker = useTransportBroker();
  const clients: RawClient[] = [];

  beforeEach(function (this: Mocha.Context) {
    this.currentTest?.timeout(TEST_TIMEOUT_MS);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.drop()));
  });

  function name(stem: string): string {
    return `${stem}${String(++unique)}`;
  }

  async function open(transport: TransportName): Promise<RawClient> {
    const client = RawClient.over(await dial(transport, broker().address(transport)));
    clients.push(client);
    return client;
  }

  async function connected(transport: TransportName): Promise<RawClient> {
    const client = await open(transport);
    client.send(connect({ clientId: name('transport') }));
    await client.expect(connack(0));
    return client;
  }

  for (const transport of TRANSPORTS) {
    describe(transport, () => {
      it('answers CONNECT, SUBSCRIBE, PUBLISH at QoS 0 and 1 and PINGREQ [MQTT-7.1.1-1]', async () => {
        const topic = name('t');
        const client = await connected(transport);
        client.send(subscribe(1, [topic, 1]));
        await client.expect(suback(1, 1));
        client.send(publish({ topic, payload: 'zero', qos: 0 }));
        await client.expect(publish({ topic, payload: 'zero', qos: 0 }));
        client.send(publish({ topic, payload: 'one', qos: 1, id: 7 }));
        const first = await client.readPacket();
        const second = await client.readPacket();
        const kinds = [first.type, second.type].sort();
        if (kinds.join() !== 'puback,publish') throw new Error(`received ${kinds.join()}`);
        client.send(puback(1), PINGREQ);
        await client.expect(PINGRESP);
        client.send(DISCONNECT);
        await client.expectClose();
      });

      it('takes packets byte by byte [MQTT-6.0.0-2]', async () => {
        const topic = name('t');
        const client = await open(transport);
        await client.sendByteByByte(connect({ clientId: name('slow') }));
        await client.expect(connack(0));
        await client.sendByteByByte(subscribe(1, [topic, 0]));
        await client.expect(suback(1, 0));
        await client.sendByteByByte(publish({ topic, payload: 'bytes', qos: 0 }));
        await client.expect(publish({ topic, payload: 'bytes', qos: 0 }));
      });

      it('takes many packets at once, and half of one more [MQTT-6.0.0-2]', async () => {
        const topic = name('t');
        const client = await open(transport);
        const last = publish({ topic, payload: 'last', qos: 0 });
        const packets = Array.from({ length: 500 }, (_, i) =>
          publish({ topic, payload: String(i), qos: 0 }),
        );
        client.send(connect({ clientId: name('joined') }), subscribe(1, [topic, 0]));
        await client.expect(connack(0), suback(1, 0));
        client.send(...packets, last.subarray(0, 5));
        await client.expect(...packets);
        client.send(last.subarray(5));
        await client.expect(last);
      });

      it('carries a payload of 500 kB', async () => {
        const topic = name('t');
        const client = await connected(transport);
        client.send(subscribe(1, [topic, 0]));
        await client.expect(suback(1, 0));
        const large = publish({ topic, payload: Buffer.alloc(500_000, 'xyz'), qos: 0 });
        client.send(large);
        await client.expect(large);
      });

      it('closes on a packet that may not come first [MQTT-3.1.0-1]', async () => {
        const client = await open(transport);
        client.send(PINGREQ);
        await client.expectClose();
      });
    });
  }

  it('connects clients of different transports with each other', async () => {
    const topic = name('t');
    const receivers = await Promise.all(TRANSPORTS.map(connected));
    for (const receiver of receivers) {
      receiver.send(subscribe(1, [topic, 1]));
      await receiver.expect(suback(1, 1));
    }
    const sender = await connected('wss');
    sender.send(publish({ topic, payload: 'all', qos: 1, id: 1 }));
    await sender.expect(puback(1));
    for (const receiver of receivers) {
      await receiver.expect(publish({ topic, payload: 'all', qos: 1, id: 1 }));
    }
  });
});
