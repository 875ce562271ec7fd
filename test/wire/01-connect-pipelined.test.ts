import { expect } from 'chai';
import { connect, DISCONNECT, PINGREQ, publish, subscribe } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 01 CONNECT and more without waiting for CONNACK', () => {
  const wire = useWire();

  it('answers CONNECT, SUBSCRIBE and PUBLISH of one segment in order [MQTT-3.1.4-5]', async () => {
    const topic = wire.name('eager');
    const client = await wire.open();
    client.send(
      connect({ clientId: wire.name('eager') }),
      subscribe(1, [topic, 0]),
      publish({ topic, payload: 'self' }),
      PINGREQ,
    );
    await client.expect('20 02 00 00 90 03 00 01 00');
    const rest = [await client.readPacket(), await client.readPacket()];
    expect(rest.map((packet) => packet.type)).to.have.members(['publish', 'pingresp']);
  });

  it('does the same for a persistent session', async () => {
    const topic = wire.name('eager');
    const client = await wire.open();
    client.send(
      connect({ clientId: wire.name('eager'), clean: false }),
      subscribe(7, [topic, 1]),
      publish({ topic, payload: 'self', qos: 1, id: 9 }),
    );
    await client.expect('20 02 00 00 90 03 00 07 01');
    const rest = [await client.readPacket(), await client.readPacket()];
    expect(rest.map((packet) => packet.type)).to.have.members(['publish', 'puback']);
  });

  it('stores what stands before a DISCONNECT in the same segment', async () => {
    const topic = wire.name('farewell');
    const watcher = await wire.subscribed(topic, 1);
    const client = await wire.open();
    client.send(
      connect({ clientId: wire.name('brief') }),
      publish({ topic, payload: 'bye', qos: 1, id: 1 }),
      DISCONNECT,
    );
    await watcher.expect(publish({ topic, payload: 'bye', qos: 1, id: 1 }));
  });

  it('reads packets that are split at every byte', async () => {
    const topic = wire.name('split');
    const client = await wire.open();
    await client.sendByteByByte(
      Buffer.concat([
        connect({ clientId: wire.name('split') }),
        subscribe(1, [topic, 0]),
        publish({ topic, payload: 'one' }),
        publish({ topic, payload: 'two' }),
      ]),
    );
    await client.expect('20 02 00 00 90 03 00 01 00');
    await client.expect(publish({ topic, payload: 'one' }), publish({ topic, payload: 'two' }));
  });
});
