import { expect } from 'chai';
import sinon from 'sinon';
import { Action } from '../../../../src/auth/types.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import {
  connect,
  frame,
  hex,
  PINGREQ,
  publish,
  subscribe,
  unsubscribe,
} from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';

describe('gateway: Channel, store', () => {
  it('acknowledges after the commit, never before', async () => {
    const world = new World();
    const client = await world.connected();
    const { store } = world;
    let committed = false;
    store.onCommit(() => {
      committed = true;
      client.take();
    });
    client.socket.feed(publish({ topic: 't', qos: 1, id: 1 }));
    expect(committed).to.equal(false);
    expect(client.take()).to.deep.equal([]);
    expect(await client.exchange()).to.deep.equal([{ type: 'puback', id: 1 }]);
    expect(committed).to.equal(true);
  });

  it('closes without an acknowledgement when the commit fails [MQTT-4.8.0-2]', async () => {
    let failing = false;
    const store = createMemoryStore({
      fault: () => (failing ? new Error('disk full') : undefined),
    });
    const world = new World({ store });
    const client = await world.connected();
    failing = true;
    const packets = await client.exchange(publish({ topic: 't', qos: 1, id: 1 }));
    expect(packets).to.deep.equal([]);
    expect(client.closed).to.equal(true);
    expect(world.context.sessions.size).to.equal(0);
  });

  it('refuses CONNECT of a persistent session with 3 when the store fails, and leaves no queue open', async () => {
    const store = createMemoryStore({ fault: () => new Error('disk full') });
    const world = new World({ store });
    const client = world.open();
    const packets = await client.exchange(connect({ clientId: 'c', clean: false }));
    expect(packets).to.deep.equal([{ type: 'connack', sessionPresent: false, code: 3 }]);
    expect(store.stats.openQueues).to.equal(0);
    expect(world.context.sessions.size).to.equal(0);
  });

  it('stops reading while the store has too much to write', async () => {
    const store = createMemoryStore({ maxBacklogBytes: 1000 });
    const world = new World({ store });
    const client = await world.connected();
    client.socket.feed(publish({ topic: 't', payload: Buffer.alloc(2000) }));
    await Promise.resolve();
    client.socket.feed(PINGREQ);
    await turns(0);
    expect(world.stats.storeBackPressure).to.equal(1);
    expect(client.socket.isPaused()).to.equal(true);
    expect(await client.exchange()).to.deep.equal([{ type: 'pingresp' }]);
    expect(client.socket.isPaused()).to.equal(false);
  });

  it('answers PUBACK and PUBREC in the order of their PUBLISH [MQTT-4.6.0-2] [MQTT-4.6.0-3]', async () => {
    const client = await new World().connected();
    const packets = await client.exchange(
      publish({ topic: 't', qos: 2, id: 1 }),
      publish({ topic: 't', qos: 1, id: 2 }),
      publish({ topic: 't', qos: 2, id: 1, dup: true }),
      publish({ topic: 't', qos: 1, id: 3 }),
    );
    expect(packets).to.deep.equal([
      { type: 'pubrec', id: 1 },
      { type: 'puback', id: 2 },
      { type: 'pubrec', id: 1 },
      { type: 'puback', id: 3 },
    ]);
  });

  it('closes when publishing is not authorized', async () => {
    const authorize = sinon.fake((_who: unknown, action: Action, topic: string) =>
      action === Action.PUBLISH ? topic === 'mine' : false,
    );
    const world = new World({ authorizer: { authorize } });
    const client = await world.connected();
    await client.exchange(publish({ topic: 'mine' }), publish({ topic: 'mine' }));
    expect(authorize.callCount).to.equal(1);
    expect(await client.exchange(subscribe(1, ['mine', 0]))).to.deep.equal([
      { type: 'suback', id: 1, codes: [0x80] },
    ]);
    await client.exchange(publish({ topic: 'other' }));
    expect(client.closed).to.equal(true);
  });

  it('closes, and does not throw, when a handler fails unexpectedly', async () => {
    const authorize = () => {
      throw new TypeError('bug');
    };
    const world = new World({ authorizer: { authorize } });
    for (const packet of [publish({ topic: 't' }), subscribe(1, ['t', 0])]) {
      const client = await world.connected();
      expect(await client.exchange(packet)).to.deep.equal([]);
      expect(client.closed).to.equal(true);
    }
  });

  it('survives the largest SUBSCRIBE and UNSUBSCRIBE of short filters', async () => {
    const limits = { maxSubscriptionsPerClient: 10, maxFiltersPerPacket: 20_000 };
    const world = new World({ limits });
    const client = await world.connected();
    const filters = Array.from({ length: 20_000 }, (_, i) => `t/${String(i)}`);
    const [suback] = await client.exchange(subscribe(1, ...filters.map((f) => [f, 0] as const)));
    expect(suback?.type === 'suback' && suback.codes.filter((code) => code === 0)).to.have.length(
      10,
    );
    expect(await client.exchange(unsubscribe(2, ...filters))).to.deep.equal([
      { type: 'unsuback', id: 2 },
    ]);
    expect(world.stats.subscriptionsCurrent).to.equal(0);
    expect(world.store.stats.openQueues).to.equal(0);
  });

  it('closes on a SUBSCRIBE with an invalid filter and takes none of it', async () => {
    const world = new World();
    const client = await world.connected();
    await client.exchange(subscribe(1, ['ok', 0], ['no#', 0]));
    expect(client.closed).to.equal(true);
    expect(world.context.live.size).to.equal(0);
  });

  it('closes on a frame whose length has over four bytes (§2.2.3)', async () => {
    const client = await new World().connected();
    await client.exchange(hex('30 ff ff ff ff 01'));
    expect(client.closed).to.equal(true);
    expect(frame(0xc0)).to.deep.equal(PINGREQ);
  });
});
