import { expect } from 'chai';
import sinon from 'sinon';
import { Action, AuthDecision } from '../../../../src/auth/types.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import {
  connect,
  DISCONNECT,
  frame,
  hex,
  PINGREQ,
  puback,
  publish,
  pubrel,
  subscribe,
  unsubscribe,
} from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';

const HELLO = connect({ clientId: 'c', keepAlive: 0 });

describe('gateway: Channel, order of packets', () => {
  it('closes when the first packet is not CONNECT [MQTT-3.1.0-1]', async () => {
    for (const first of [PINGREQ, publish({ topic: 't' }), subscribe(1, ['t', 0]), DISCONNECT]) {
      const world = new World();
      const client = world.open();
      expect(await client.exchange(first, HELLO)).to.deep.equal([]);
      expect(client.closed).to.equal(true);
      expect(world.stats.protocolErrors).to.equal(1);
    }
  });

  it('closes on a second CONNECT [MQTT-3.1.0-2]', async () => {
    const world = new World();
    const client = await world.connected();
    expect(await client.exchange(HELLO)).to.deep.equal([]);
    expect(client.closed).to.equal(true);
  });

  it('closes on packets that only a server sends, and on reserved types', async () => {
    for (const bytes of [
      '20 02 00 00',
      '90 03 00 01 00',
      'b0 02 00 01',
      'd0 00',
      '00 00',
      'f0 00',
    ]) {
      const client = await new World().connected();
      expect(await client.exchange(hex(bytes), PINGREQ), bytes).to.deep.equal([]);
      expect(client.closed, bytes).to.equal(true);
    }
  });

  it('closes on wrong flags, lengths and identifiers of the acknowledgements [MQTT-2.2.2-2] [MQTT-2.3.1-1]', async () => {
    for (const bytes of [
      '41 02 00 01',
      '60 02 00 01',
      '40 03 00 01 00',
      '50 01 00',
      '70 02 00 00',
    ]) {
      const client = await new World().connected();
      expect(await client.exchange(hex(bytes), PINGREQ), bytes).to.deep.equal([]);
      expect(client.closed, bytes).to.equal(true);
    }
  });

  it('closes on PINGREQ and DISCONNECT with flags or a body [MQTT-3.14.1-1]', async () => {
    for (const bytes of ['c1 00', 'c0 01 00', 'e1 00', 'e0 01 00']) {
      const world = new World();
      const client = await world.connected();
      await client.exchange(hex(bytes));
      expect(client.closed, bytes).to.equal(true);
      expect(world.stats.protocolErrors, bytes).to.equal(1);
    }
  });

  it('handles what stands behind a SUBSCRIBE after it', async () => {
    const client = await new World().connected();
    const packets = await client.exchange(
      subscribe(1, ['t', 0]),
      publish({ topic: 't', payload: 'self' }),
      unsubscribe(2, 't'),
      PINGREQ,
    );
    expect(packets.map(({ type }) => type)).to.deep.equal([
      'suback',
      'publish',
      'unsuback',
      'pingresp',
    ]);
  });

  it('ignores what stands behind a DISCONNECT [MQTT-3.14.4-2]', async () => {
    const world = new World();
    const other = await world.subscribed({ clientId: 'other' }, ['t', 0]);
    const client = await world.connected();
    await client.exchange(publish({ topic: 't' }), DISCONNECT, publish({ topic: 't' }));
    expect(await other.publishes()).to.have.length(1);
    expect(world.stats.protocolErrors).to.equal(0);
  });

  it('answers nothing for acknowledgements that belong to nothing, and stays', async () => {
    const client = await new World().connected();
    expect(await client.exchange(puback(7), hex('70 02 00 07'))).to.deep.equal([]);
    expect(await client.exchange(hex('50 02 00 07'))).to.deep.equal([{ type: 'pubrel', id: 7 }]);
    expect(await client.exchange(pubrel(7))).to.deep.equal([{ type: 'pubcomp', id: 7 }]);
  });

  it('closes when a packet is larger than allowed, before it has come', async () => {
    const world = new World({ limits: { maxPacketSize: 100 } });
    const client = await world.connected();
    await client.exchange(hex('30 63'));
    expect(client.closed).to.equal(true);
  });
});

describe('gateway: Channel, CONNECT', () => {
  it('refuses with the return code of the reason [MQTT-3.2.2-4] [MQTT-3.2.2-5]', async () => {
    for (const [decision, code] of [
      [AuthDecision.BAD_CREDENTIALS, 4],
      [AuthDecision.NOT_AUTHORIZED, 5],
    ] as const) {
      const world = new World({ authenticator: { authenticate: () => decision } });
      const client = world.open();
      const packets = await client.exchange(HELLO, publish({ topic: 't' }));
      expect(packets).to.deep.equal([{ type: 'connack', sessionPresent: false, code }]);
      expect(client.closed).to.equal(true);
      expect(world.stats.authFailures).to.equal(1);
      expect(world.stats.messagesReceived).to.equal(0);
    }
  });

  it('answers 3 when the authenticator fails', async () => {
    const authenticator = { authenticate: () => Promise.reject(new Error('down')) };
    const client = new World({ authenticator }).open();
    expect(await client.exchange(HELLO)).to.deep.include({
      type: 'connack',
      sessionPresent: false,
      code: 3,
    });
    expect(client.closed).to.equal(true);
  });

  it('answers 1 for another version and 2 for an identifier that it does not take', async () => {
    const world = new World({ limits: { maxClientIdLength: 5 } });
    for (const [fields, code] of [
      [{ clientId: 'c', level: 9 }, 1],
      [{ clientId: 'toolong' }, 2],
      [{ clientId: '', clean: false }, 2],
    ] as const) {
      const client = world.open();
      const [connack] = await client.exchange(connect(fields));
      expect(connack).to.deep.equal({ type: 'connack', sessionPresent: false, code });
      expect(client.closed).to.equal(true);
    }
  });

  it('makes up an identifier for a clean session without one [MQTT-3.1.3-6]', async () => {
    const world = new World();
    const one = await world.connected({ clientId: '' });
    const two = await world.connected({ clientId: '' });
    expect([one.closed, two.closed]).to.deep.equal([false, false]);
    expect(world.context.sessions.size).to.equal(2);
  });

  it('leaves nothing behind when the peer goes while the authenticator is at work', async () => {
    let allow: (decision: AuthDecision) => void = () => undefined;
    const authenticator = {
      authenticate: () => new Promise<AuthDecision>((resolve) => (allow = resolve)),
    };
    const world = new World({ authenticator });
    const client = world.open();
    await client.exchange(HELLO);
    await client.lose();
    allow(AuthDecision.ALLOW);
    await turns();
    expect(world.context.sessions.size).to.equal(0);
    expect(world.stats.connectionsCurrent).to.equal(0);
  });

  it('leaves nothing behind when the peer goes while its session is being opened', async () => {
    const world = new World();
    const client = world.open();
    const { sessions } = world.context;
    const open = sessions.open.bind(sessions);
    sinon.stub(sessions, 'open').callsFake(async (...parameters) => {
      const opened = await open(...parameters);
      client.socket.destroy();
      await turns(2);
      return opened;
    });
    await client.exchange(connect({ clientId: 'c', clean: false }));
    expect(sessions.size).to.equal(0);
    expect(sessions.busy).to.equal(0);
    expect(world.store.stats.openQueues).to.equal(0);
  });
});

describe('gateway: Channel, time', () => {
  it('closes what has not sent CONNECT in time, and not before', async () => {
    for (const start of [0, 10, 990]) {
      const world = new World({ limits: { connectTimeoutMs: 1000 } });
      world.clock.advance(start);
      const client = world.open();
      world.clock.advance(999);
      expect(client.closed, `begun at ${String(start)} ms`).to.equal(false);
      world.clock.advance(1501);
      expect(client.closed).to.equal(true);
    }
  });

  it('closes after one and a half times the keep-alive, not before it [MQTT-3.1.2-24]', async () => {
    for (const keepAlive of [1, 2, 10]) {
      for (const start of [0, 10, 500, 990]) {
        const world = new World();
        world.clock.advance(5000 + start);
        const client = await world.connected({ keepAlive });
        world.clock.advance(keepAlive * 1500 - 1);
        expect(client.closed, `${String(keepAlive)} s from ${String(start)} ms`).to.equal(false);
        world.clock.advance(2001);
        expect(client.closed).to.equal(true);
        expect(world.stats.keepAliveTimeouts).to.equal(1);
      }
    }
  });

  it('stays while packets come in time, whatever the phase of the clock', async () => {
    for (const start of [0, 10, 500, 990]) {
      const world = new World();
      world.clock.advance(start);
      const client = await world.connected({ keepAlive: 1 });
      for (let i = 0; i < 20; i++) {
        world.clock.advance(1030);
        await client.exchange(PINGREQ);
      }
      expect(client.closed).to.equal(false);
    }
  });

  it('stays for ever with keep-alive 0', async () => {
    const world = new World();
    const client = await world.connected({ keepAlive: 0 });
    world.clock.advance(24 * 3600 * 1000);
    expect(client.closed).to.equal(false);
    expect(world.context.wheel.size).to.equal(0);
  });

  it('leaves the wheel when it closes', async () => {
    const world = new World();
    const client = await world.connected({ keepAlive: 10 });
    expect(world.context.wheel.size).to.equal(1);
    await client.lose();
    expect(world.context.wheel.size).to.equal(0);
  });
});

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
