import { expect } from 'chai';
import type { GatewayLimits } from '../../../../src/gateway/options.ts';
import { PINGREQ, publish, type QoS } from '../../../helpers/packets.ts';
import { publish5 } from '../../../helpers/packets5.ts';
import { turns } from '../fake-socket.ts';
import { FakeClient5 } from '../fake-client5.ts';
import { type FakeClient, World } from '../gateway-world.ts';

function burst(count: number, qos: QoS = 1): Buffer[] {
  return Array.from({ length: count }, (_, i) => publish({ topic: 't', qos, id: i + 1 }));
}

function burst5(count: number, qos: QoS = 1): Buffer[] {
  return Array.from({ length: count }, (_, i) => publish5({ topic: 't', qos, id: i + 1 }));
}

async function publisher(limits: Partial<GatewayLimits>): Promise<[World, FakeClient]> {
  const world = new World({ limits });
  return [world, await world.connected({ clientId: 'p' })];
}

async function after(world: World, milliseconds: number): Promise<void> {
  world.clock.advance(milliseconds);
  await turns();
}

describe('gateway: publish rate', () => {
  describe('pause', () => {
    it('takes a burst of one second, then as many a second as are allowed', async () => {
      const [world, client] = await publisher({ maxPublishRate: 100 });
      expect(await client.exchange(...burst(300))).to.have.lengthOf(100);
      expect(world.stats.publishRateExceeded).to.equal(1);
      await after(world, 10);
      expect(client.take()).to.have.lengthOf(0);
      let more = 0;
      for (let i = 0; i < 50; i++) {
        await after(world, 20);
        more += client.take().length;
      }
      expect(more).to.be.within(95, 105);
    });

    it('handles what is behind afterwards, in order', async () => {
      const [world, client] = await publisher({ maxPublishRate: 2 });
      const packets = [...burst(4), PINGREQ];
      expect((await client.exchange(...packets)).map(({ type }) => type)).to.deep.equal([
        'puback',
        'puback',
      ]);
      for (let i = 0; i < 4; i++) await after(world, 600);
      expect(client.take().map(({ type }) => type)).to.deep.equal(['puback', 'puback', 'pingresp']);
    });

    it('counts bytes: a packet of several seconds is taken, and waited for', async () => {
      const [world, client] = await publisher({ maxPublishBytesRate: 1000 });
      const large = publish({ topic: 't', qos: 1, id: 1, payload: Buffer.alloc(4000) });
      expect(await client.exchange(large, ...burst(1))).to.have.lengthOf(1);
      await after(world, 2500);
      expect(client.take()).to.have.lengthOf(0);
      await after(world, 1000);
      expect(client.take()).to.have.lengthOf(1);
    });

    it('is not held against the keep-alive', async () => {
      const world = new World({ limits: { maxPublishBytesRate: 100 } });
      const client = await world.connected({ clientId: 'p', keepAlive: 1 });
      await client.exchange(publish({ topic: 't', payload: Buffer.alloc(1100) }));
      for (let i = 0; i < 8; i++) await after(world, 1000);
      expect(client.closed).to.equal(false);
      for (let i = 0; i < 8; i++) await after(world, 1000);
      expect(client.closed).to.equal(true);
      expect(world.stats.keepAliveTimeouts).to.equal(1);
    });

    it('is not held against the keep-alive either when the authorizer has been asked meanwhile', async () => {
      const authorizer = { authorize: () => true };
      const world = new World({ limits: { maxPublishBytesRate: 100 }, authorizer });
      const other = await world.connected({ clientId: 'o' });
      for (let i = 0; i < 2; i++) await other.exchange(publish({ topic: 't' }));
      const client = await world.connected({ clientId: 'p', keepAlive: 1 });
      // The question finds no time left in this turn: the connection waits for that, too.
      world.context.publishTurns.wait(() => {});
      await client.exchange(publish({ topic: 't', payload: Buffer.alloc(1100) }));
      expect(world.stats.publishesDeferred).to.equal(1);
      for (let i = 0; i < 8; i++) await after(world, 1000);
      expect(client.closed).to.equal(false);
    });

    it('ends with the connection, and leaves no timer', async () => {
      const [world, client] = await publisher({ maxPublishBytesRate: 1 });
      const timers = world.clock.pendingTimers;
      await client.exchange(publish({ topic: 't', payload: Buffer.alloc(100_000) }));
      await client.lose();
      await after(world, 1001);
      expect(world.clock.pendingTimers).to.be.at.most(timers);
    });

    it('does not count acknowledgements and other packets', async () => {
      const [world, client] = await publisher({ maxPublishRate: 1, maxPublishBytesRate: 100 });
      const pings = Array<Buffer>(500).fill(PINGREQ);
      expect(await client.exchange(...pings)).to.have.lengthOf(500);
      expect(world.stats.publishRateExceeded).to.equal(0);
    });
  });

  describe('refuse', () => {
    const limits = { maxPublishRate: 2, publishRateExceeded: 'refuse' } as const;

    it('answers MQTT 5 with PUBACK or PUBREC 0x97, and stores nothing', async () => {
      for (const [qos, type] of [
        [1, 'puback'],
        [2, 'pubrec'],
      ] as const) {
        const world = new World({ limits });
        const client = await new FakeClient5(world).connect({});
        const answers = await client.exchange(...burst5(4, qos));
        expect(
          answers.map((answer) => [answer.type, 'code' in answer ? answer.code : undefined]),
        ).to.deep.equal([
          [type, 0],
          [type, 0],
          [type, 0x97],
          [type, 0x97],
        ]);
        expect(world.stats).to.include({ publishRateExceeded: 2, publishesRefused: 2 });
        expect(world.store.stats.recordsAppended).to.equal(2);
        expect(client.closed).to.equal(false);
      }
    });

    it('drops QoS 0', async () => {
      const world = new World({ limits });
      const client = await new FakeClient5(world).connect({});
      await client.exchange(...burst5(5, 0));
      expect(world.stats.publishRateExceeded).to.equal(3);
      expect(world.store.stats.recordsAppended).to.equal(2);
    });

    it('says of a repetition that was accepted that it was [MQTT5-4.3.3-10]', async () => {
      const world = new World({ limits: { ...limits, maxPublishRate: 1 } });
      const client = await new FakeClient5(world).connect({});
      const message = { topic: 't', qos: 2, id: 1 } as const;
      const answers = await client.exchange(publish5(message), publish5({ ...message, dup: true }));
      expect(answers.map((answer) => 'code' in answer && answer.code)).to.deep.equal([0, 0]);
    });

    it('keeps the topic alias that a refused packet sets', async () => {
      const world = new World({ limits: { ...limits, maxPublishRate: 1 } });
      const client = await new FakeClient5(world).connect({});
      const aliased = publish5({ topic: 't/x', qos: 1, id: 2, properties: [['topicAlias', 3]] });
      await client.exchange(publish5({ topic: 't', qos: 1, id: 1 }), aliased);
      await after(world, 1100);
      const answers = await client.exchange(
        publish5({ topic: '', qos: 1, id: 3, properties: [['topicAlias', 3]] }),
      );
      expect(answers.map((answer) => 'code' in answer && answer.code)).to.deep.equal([0]);
    });

    it('pauses older versions, which know no such answer', async () => {
      const [world, client] = await publisher(limits);
      expect(await client.exchange(...burst(4))).to.have.lengthOf(2);
      await after(world, 2000);
      await after(world, 2000);
      expect(client.take()).to.have.lengthOf(2);
    });
  });

  it('disconnects with 0x96, and older versions without a word', async () => {
    const limits = { maxPublishRate: 2, publishRateExceeded: 'disconnect' } as const;
    const world = new World({ limits });
    const client5 = await new FakeClient5(world).connect({});
    const answers = await client5.exchange(...burst5(4, 0));
    expect(answers).to.have.lengthOf(1);
    expect(answers[0]).to.include({ type: 'disconnect', code: 0x96 });
    const client = await world.connected({ clientId: 'p' });
    expect(await client.exchange(...burst(3, 0))).to.deep.equal([]);
    expect(client.closed).to.equal(true);
    expect(world.stats.publishRateExceeded).to.equal(2);
  });
});
