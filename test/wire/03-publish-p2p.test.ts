import { expect } from 'chai';
import { DISCONNECT, puback, publish } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

describe('wire: 03 PUBLISH to a peer: {first}/p2p/{clientId}', () => {
  // P2P topics are a feature of this gateway.
  if (isMosquitto) return;
  const wire = useWire();

  it('reaches a client that subscribes nothing, with the topic as published', async () => {
    const peer = wire.name('peer');
    const client = await wire.connected({ clientId: peer });
    const sender = await wire.connected();
    const topic = `t/p2p/${peer}`;
    sender.send(publish({ topic, payload: 'one', qos: 1, id: 1 }));
    await sender.expect(puback(1));
    const packet = await client.readPublish();
    expect(packet).to.include({ topic, qos: 1, id: 1, dup: false, retain: false });
    expect(packet.payload.toString()).to.equal('one');
    client.send(puback(1));
  });

  it('keeps the QoS of the message: 0 and 2', async () => {
    const peer = wire.name('peer');
    const client = await wire.connected({ clientId: peer });
    const sender = await wire.connected();
    sender.send(publish({ topic: `x/p2p/${peer}`, payload: 'zero' }));
    await client.expect(publish({ topic: `x/p2p/${peer}`, payload: 'zero' }));
    sender.send(publish({ topic: `x/p2p/${peer}`, payload: 'two', qos: 2, id: 1 }));
    await sender.expect('50 02 00 01');
    await client.expect(publish({ topic: `x/p2p/${peer}`, payload: 'two', qos: 2, id: 1 }));
  });

  it('reaches nobody else, not even a matching wildcard', async () => {
    const peer = wire.name('peer');
    const client = await wire.connected({ clientId: peer });
    const other = await wire.subscribed('t/#', 1);
    const sender = await wire.connected();
    sender.send(publish({ topic: `t/p2p/${peer}`, payload: 'private', qos: 1, id: 1 }));
    await client.expect(publish({ topic: `t/p2p/${peer}`, payload: 'private', qos: 1, id: 1 }));
    await other.expectNothing();
  });

  it('waits for a persistent session that is offline', async () => {
    const peer = wire.name('peer');
    const client = await wire.connected({ clientId: peer, clean: false });
    client.send(DISCONNECT);
    await client.expectClose();
    const sender = await wire.connected();
    for (const [i, payload] of ['a', 'b', 'c'].entries()) {
      sender.send(publish({ topic: `t/p2p/${peer}`, payload, qos: 1, id: i + 1 }));
      await sender.expect(puback(i + 1));
    }
    const again = await wire.connected({ clientId: peer, clean: false }, true);
    for (const [i, payload] of ['a', 'b', 'c'].entries()) {
      await again.expect(publish({ topic: `t/p2p/${peer}`, payload, qos: 1, id: i + 1 }));
      again.send(puback(i + 1));
    }
    await again.expectNothing(50);
  });

  it('does not wait for a clean session', async () => {
    const peer = wire.name('peer');
    const client = await wire.connected({ clientId: peer });
    client.send(DISCONNECT);
    await client.expectClose();
    const sender = await wire.connected();
    sender.send(publish({ topic: `t/p2p/${peer}`, payload: 'missed', qos: 1, id: 1 }));
    await sender.expect(puback(1));
    const again = await wire.connected({ clientId: peer });
    await again.expectNothing();
  });
});
