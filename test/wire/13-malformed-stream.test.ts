import { connect, publish, subscribe } from '../helpers/packets.ts';
import { Bystanders } from './bystanders.ts';
import { useWire } from './wire.ts';

describe('wire: 13 malformed: streams', () => {
  const wire = useWire();

  it('processes the packets before a malformed one and none behind it', async () => {
    const topic = wire.name('stream');
    const watcher = await wire.subscribed(topic, 1);
    const client = await wire.connected();
    client.send(
      publish({ topic, payload: 'before', qos: 1, id: 1 }),
      'f0 00',
      publish({ topic, payload: 'behind', qos: 1, id: 2 }),
    );
    await watcher.expect(publish({ topic, payload: 'before', qos: 1, id: 1 }));
    await watcher.expectNothing();
  });

  it('survives streams that are cut at every position', async () => {
    const bystanders = await Bystanders.join(wire);
    const stream = Buffer.concat([
      connect({ clientId: wire.name('cut'), username: 'u', password: 'p' }),
      subscribe(1, ['cut/+', 1]),
      publish({ topic: 'cut/a', payload: 'abc', qos: 2, id: 1 }),
    ]);
    for (let length = 1; length < stream.length; length++) {
      const client = await wire.open();
      client.send(stream.subarray(0, length));
      await client.drop();
    }
    await bystanders.check();
  });

  it('survives clients that vanish in the middle of a large packet', async () => {
    const bystanders = await Bystanders.join(wire);
    const packet = publish({ topic: 'big', payload: Buffer.alloc(900_000) });
    for (let i = 0; i < 20; i++) {
      const client = await wire.connected();
      client.send(packet.subarray(0, 450_000));
      await client.drop();
    }
    await bystanders.check();
  });
});
