import { connack, connect, PINGREQ, PINGRESP } from '../helpers/packets.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { useTransportBroker } from '../helpers/transport-broker.ts';
import { dial, type TransportName } from '../helpers/transport.ts';

const V1 = Buffer.from('PROXY TCP4 203.0.113.9 192.0.2.1 40000 1883\r\n');
const V2 = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb007109c00002019c40075b', 'hex');

describe('wire: 14 PROXY protocol', () => {
  const broker = useTransportBroker({
    LMQTT_CONNECT_PROXY_PROTOCOL: 'mqtt,mqtts',
    LMQTT_CONNECT_MAX_CONN_PER_IP: '1',
  });
  const clients: RawClient[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.drop()));
  });

  async function open(transport: TransportName, preamble: Buffer): Promise<RawClient> {
    const client = RawClient.over(
      await dial(transport, { ...broker().address(transport), preamble }),
    );
    clients.push(client);
    return client;
  }

  for (const [version, header] of [
    ['1', V1],
    ['2', V2],
  ] as const) {
    for (const transport of ['mqtt', 'mqtts'] as const) {
      it(`takes a header of version ${version} off ${transport}`, async () => {
        const client = await open(transport, header);
        client.send(connect({ clientId: 'proxied' }), PINGREQ);
        await client.expect(connack(0), PINGRESP);
      });
    }
  }

  it('takes header and CONNECT in one segment', async () => {
    const client = await open('mqtt', Buffer.concat([V1, connect({ clientId: 'proxied' })]));
    await client.expect(connack(0));
  });

  it('counts clients by the address in the header', async () => {
    const first = await open('mqtt', V1);
    first.send(connect({ clientId: 'first' }));
    await first.expect(connack(0));
    const same = await open('mqtt', V2);
    await same.expectClose();
    const another = await open('mqtt', Buffer.from(V1.toString().replace('113.9', '113.10')));
    another.send(connect({ clientId: 'another' }));
    await another.expect(connack(0));
  });

  it('closes without an answer when there is no header', async () => {
    const client = await open('mqtt', connect({ clientId: 'direct' }));
    await client.expectClose();
  });
});
