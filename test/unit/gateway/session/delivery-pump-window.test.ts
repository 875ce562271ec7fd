import { expect } from 'chai';
import sinon from 'sinon';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { connect, puback, pubcomp, publish, pubrec } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';
import { send, texts, withoutTail } from './pump-traffic.ts';

describe('gateway: DeliveryPump and what is in flight', () => {
  it('sends again in the first order, with DUP and the same identifiers [MQTT-4.4.0-1] [MQTT-3.3.1-1]', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    await send(publisher, 't', 1, '1', '2');
    await send(publisher, 't', 2, '3', '4');
    await send(publisher, 't', 1, '5');
    const first = await client.publishes();
    expect(texts(first)).to.deep.equal(['1', '2', '3', '4', '5']);
    expect(first.map(({ dup }) => dup)).to.not.include(true);
    expect(await client.exchange(puback(2), pubrec(3))).to.deep.equal([{ type: 'pubrel', id: 3 }]);
    await client.lose();
    await send(publisher, 't', 1, '6');
    const again = await world.connected({ clean: false });
    const packets = (await again.exchange()).map((packet) =>
      packet.type === 'publish'
        ? [packet.id, packet.payload.toString(), packet.qos, packet.dup]
        : packet,
    );
    expect(packets).to.deep.equal([
      [1, '1', 1, true],
      { type: 'pubrel', id: 3 },
      [4, '4', 2, true],
      [5, '5', 1, true],
      [6, '6', 1, false],
    ]);
    expect(await again.exchange(puback(1), pubcomp(3), puback(5), puback(6))).to.deep.equal([]);
  });

  it('does the same when every record has to be read from disk', async () => {
    const world = new World({ limits: { maxInflight: 3 } });
    const pull = withoutTail(world);
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    await send(publisher, 't', 2, '1', '2', '3', '4', '5');
    expect(texts(await client.publishes())).to.deep.equal(['1', '2', '3']);
    await client.lose();
    const again = await world.connected({ clean: false });
    expect(await again.drain()).to.deep.equal(['1', '2', '3', '4', '5']);
    expect(pull.callCount).to.be.above(3);
  });

  it('does not send a QoS 2 message of a persistent session before its identifier is durable', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    const put = sinon.spy(world.store, 'putState');
    let assignedIn = 0;
    world.store.onCommit((commit) => {
      if (assignedIn === 0 || commit < assignedIn) expect(client.take()).to.deep.equal([]);
    });
    world.store.onArrival(() => {
      assignedIn = world.store.openCommit;
      client.connection.flush();
      expect(client.take(), 'sent with the arrival').to.deep.equal([]);
    });
    await send(publisher, 't', 2, 'm');
    expect(put.callCount).to.be.above(0);
    expect(texts(await client.publishes())).to.deep.equal(['m']);
  });

  it('delivers once what is QoS 1 and QoS 2 in one batch, without DUP', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    await publisher.exchange(
      publish({ topic: 't', qos: 1, id: 1, payload: '1' }),
      publish({ topic: 't', qos: 2, id: 2, payload: '2' }),
      publish({ topic: 't', qos: 1, id: 3, payload: '3' }),
    );
    const received = await client.publishes();
    expect(texts(received)).to.deep.equal(['1', '2', '3']);
    expect(received.map(({ dup }) => dup)).to.deep.equal([false, false, false]);
    expect(world.stats.messagesSent).to.equal(3);
  });

  it('keeps few bytes in memory for a QoS 2 backlog of large messages', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    await client.lose();
    for (let i = 0; i < 8; i++) await send(publisher, 't', 2, Buffer.alloc(900_000, i));
    const again = world.open();
    again.socket.stall();
    await again.exchange(connect({ clientId: 'c', clean: false }));
    const session = world.context.sessions.connected('c')!;
    expect(session.inflight.size).to.be.below(5);
    for (let i = 0; i < 2000; i++) {
      again.socket.unstall();
      await turns(1);
    }
    expect(await again.publishes()).to.have.length(8);
    expect(session.assignedBytes).to.equal(0);
  });

  it('completes what is in flight when its record is gone', async () => {
    const store = createMemoryStore({ maxLogBytes: 3000 });
    const world = new World({ store });
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await send(publisher, 't', 1, 'old');
    expect(await client.publishes()).to.have.length(1);
    await client.lose();
    for (let i = 0; i < 5; i++) await send(publisher, 'other', 1, Buffer.alloc(900));
    await send(publisher, 't', 1, 'new');
    const again = await world.connected({ clean: false });
    expect(await again.drain()).to.deep.equal(['new']);
    expect(again.channel.session!.inflight.size).to.equal(0);
  });
});
