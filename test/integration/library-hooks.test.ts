import { expect } from 'chai';
import {
  createGateway,
  DROP,
  refuse,
  type GatewayHooks,
  type LibraryGateway,
} from '../../src/index.ts';
import {
  connack,
  connect,
  publish,
  puback,
  pubcomp,
  pubrec,
  pubrel,
  suback,
  subscribe,
} from '../helpers/packets.ts';
import { connect5, publish5, subscribe5 } from '../helpers/packets5.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';

/** Does to a message what it says; greets each subscriber by name. */
const hooks: readonly GatewayHooks[] = [
  {
    onPublish(message) {
      const text = message.payload.toString();
      if (text === 'refuse') return refuse(0x99);
      if (text === 'drop') return DROP;
      if (text === 'throw') throw new Error('out of order');
      if (text === 'change') message.payload = Buffer.from('changed');
      return undefined;
    },
  },
  {
    onConnect: (client) => (client.clientId === 'banned' ? refuse(0x8a, 'not today') : undefined),
    onSubscribe: ({ filter }) => (filter === 'low' ? 0 : undefined),
    onDeliver(message, client) {
      message.payload = Buffer.from(`${client.clientId} ${message.payload.toString()}`);
    },
  },
];

/** Over sockets, with the store on disk. */
describe('library: hooks on the wire', () => {
  let directory: string;
  let gateway: LibraryGateway;
  const clients: RawClient[] = [];

  before(async () => {
    directory = await makeTempDir();
    gateway = createGateway({ store: { directory }, listeners: [{ port: 0 }], hooks });
    await gateway.start();
  });
  after(async () => {
    await gateway.stop();
    await removeTempDir(directory);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.drop();
  });

  async function open(): Promise<RawClient> {
    const raw = await RawClient.open(gateway.addresses()[0]!);
    clients.push(raw);
    return raw;
  }

  async function old(clientId: string): Promise<RawClient> {
    const raw = await open();
    raw.send(connect({ clientId }));
    await raw.expect(connack());
    return raw;
  }

  async function five(clientId: string): Promise<RawClient> {
    const raw = await open();
    raw.send(connect5({ clientId }));
    const { first } = await raw.readFrame();
    if (first !== 0x20) throw new Error('no CONNACK');
    return raw;
  }

  it('refused: PUBACK 0x99 and PUBREC 0x99 in 5.0, and the connection goes on', async () => {
    const client = await five('p5');
    client.send(publish5({ topic: 'a', qos: 1, id: 1, payload: 'refuse' }));
    await client.expect('40 03 00 01 99');
    client.send(publish5({ topic: 'a', qos: 2, id: 2, payload: 'refuse' }));
    await client.expect('50 03 00 02 99');
    client.send(publish5({ topic: 'a', qos: 1, id: 3, payload: 'throw' }));
    await client.expect('40 03 00 03 83');
    client.send(publish5({ topic: 'a', qos: 1, id: 4, payload: 'good' }));
    await client.expect('40 02 00 04');
  });

  for (const text of ['refuse', 'throw']) {
    it(`refused: the close in 3.1.1, never an acknowledgement (${text})`, async () => {
      const client = await old('p4');
      client.send(publish({ topic: 'a', qos: 1, id: 1, payload: text }));
      await client.expectClose();
    });
  }

  it('dropped: acknowledged, QoS 2 to its end, and nobody gets it', async () => {
    const subscriber = await old('s');
    subscriber.send(subscribe(1, ['drop/#', 2]));
    await subscriber.expect(suback(1, 2));
    const client = await old('p4');
    client.send(publish({ topic: 'drop/1', qos: 1, id: 1, payload: 'drop' }));
    await client.expect(puback(1));
    client.send(publish({ topic: 'drop/1', qos: 2, id: 2, payload: 'drop' }));
    await client.expect(pubrec(2));
    client.send(pubrel(2));
    await client.expect(pubcomp(2));
    client.send(publish({ topic: 'drop/1', qos: 1, id: 3, payload: 'kept' }));
    await client.expect(puback(3));
    await subscriber.expect(publish({ topic: 'drop/1', qos: 1, id: 1, payload: 's kept' }));
  });

  it('changed: 3.1.1 and 5.0 get the same, live, stored and retained, in order', async () => {
    const s4 = await old('s4');
    s4.send(subscribe(1, ['live/1', 0]));
    await s4.expect(suback(1, 0));
    const s5 = await five('s5');
    s5.send(subscribe5(1, [['live/1', 1]]));
    await s5.expect('90 04 00 01 00 01');
    const client = await old('p4');
    client.send(
      publish({ topic: 'live/1', qos: 1, id: 1, payload: '1' }),
      publish({ topic: 'live/1', qos: 1, id: 2, payload: 'change', retain: true }),
      publish({ topic: 'live/1', qos: 1, id: 3, payload: '3' }),
    );
    await client.expect(puback(1), puback(2), puback(3));
    for (const text of ['1', 'changed', '3']) {
      await s4.expect(publish({ topic: 'live/1', payload: `s4 ${text}` }));
    }
    for (const [i, text] of ['1', 'changed', '3'].entries()) {
      await s5.expect(publish5({ topic: 'live/1', qos: 1, id: i + 1, payload: `s5 ${text}` }));
    }
    const late = await old('late');
    late.send(subscribe(1, ['live/1', 0]));
    await late.expect(suback(1, 0));
    await late.expect(publish({ topic: 'live/1', payload: 'late changed', retain: true }));
  });

  it('connections and subscriptions: CONNACK 5 and 0x8A, SUBACK with the lower QoS', async () => {
    const banned4 = await open();
    banned4.send(connect({ clientId: 'banned' }));
    await banned4.expect(connack(5));
    await banned4.expectClose();
    const banned5 = await open();
    banned5.send(connect5({ clientId: 'banned' }));
    const { first, body } = await banned5.readFrame();
    expect([first, body[1]]).to.deep.equal([0x20, 0x8a]);
    // The reason string (0x1f).
    expect(body.includes('not today')).to.equal(true);
    await banned5.expectClose();
    const client = await old('c');
    client.send(subscribe(1, ['low', 2], ['high', 2]));
    await client.expect(suback(1, 0, 2));
  });
});
