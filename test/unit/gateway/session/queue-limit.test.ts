import { expect } from 'chai';
import fc from 'fast-check';
import sinon from 'sinon';
import { StoreError, ErrorCode } from '../../../../src/common/errors.ts';
import type { GatewayLimits } from '../../../../src/gateway/options.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { puback, publish, type QoS } from '../../../helpers/packets.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';
import { type FakeClient, World } from '../gateway-world.ts';

/** As a record of topic `t/0` by client `p` with four bytes of payload takes. */
const RECORD_BYTES = 32 + 3 + 1 + 4;

interface Message {
  readonly topic?: string;
  readonly qos?: QoS;
  readonly text: string;
}

async function send(world: World, publisher: FakeClient, ...messages: Message[]): Promise<void> {
  for (const [i, { topic = 't/0', qos = 1, text }] of messages.entries()) {
    world.clock.advance(1);
    await publisher.exchange(publish({ topic, qos, id: i + 1, payload: text }));
  }
}

function numbered(from: number, to: number, topic = 't/0'): Message[] {
  return Array.from({ length: to - from + 1 }, (_, i) => ({ topic, text: text(from + i) }));
}

function text(number: number): string {
  return String(number).padStart(4, '0');
}

function range(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => text(from + i));
}

function worldOf(limits: Partial<GatewayLimits>): World {
  const clock = new FakeClock();
  return new World({ clock, store: createMemoryStore({ clock }), limits });
}

/** A session with subscriptions whose client has gone. */
async function away(world: World, ...filters: string[]): Promise<void> {
  const asked = filters.map((filter) => [filter, 1] as const);
  const client = await world.subscribed({ clientId: 's', clean: false }, ...asked);
  await client.lose();
}

function back(world: World): Promise<FakeClient> {
  return world.connected({ clientId: 's', clean: false });
}

describe('gateway: QueueLimit', () => {
  describe('of a client that is away', () => {
    for (const [policy, kept] of [
      ['dropOldest', range(16, 25)],
      ['dropNewest', range(1, 10)],
    ] as const) {
      it(`keeps as many messages as are allowed: ${policy}`, async () => {
        const world = worldOf({ maxQueuedMessages: 10, queueFullPolicy: policy });
        await away(world, 't/0');
        const publisher = await world.connected({ clientId: 'p' });
        await send(world, publisher, ...numbered(1, 25));
        const client = await back(world);
        expect(await client.drain()).to.deep.equal(kept);
        expect(world.stats.queueFullDropped).to.equal(15);
        await send(world, publisher, ...numbered(26, 30));
        expect(await client.drain()).to.deep.equal(range(26, 30));
      });

      it(`keeps as many bytes as are allowed: ${policy}`, async () => {
        const maxQueuedBytes = 10 * RECORD_BYTES + RECORD_BYTES / 2;
        const world = worldOf({ maxQueuedBytes, queueFullPolicy: policy });
        await away(world, 't/0');
        const publisher = await world.connected({ clientId: 'p' });
        await send(world, publisher, ...numbered(1, 25));
        expect(await (await back(world)).drain()).to.deep.equal(kept);
      });

      it(`skips nothing at the limit itself: ${policy}`, async () => {
        const maxQueuedBytes = 25 * RECORD_BYTES;
        const world = worldOf({ maxQueuedMessages: 25, maxQueuedBytes, queueFullPolicy: policy });
        await away(world, 't/0');
        const publisher = await world.connected({ clientId: 'p' });
        await send(world, publisher, ...numbered(1, 25));
        expect(await (await back(world)).drain()).to.deep.equal(range(1, 25));
        expect(world.stats.queueFullDropped).to.equal(0);
      });
    }

    it('counts the messages of all of its subscriptions by their time', async () => {
      const world = worldOf({ maxQueuedMessages: 4 });
      await away(world, 'a/1', 'b/1', 'c/1');
      const publisher = await world.connected({ clientId: 'p' });
      const topics = ['a/1', 'a/1', 'b/1', 'a/1', 'c/1', 'b/1', 'a/1', 'a/1'];
      await send(world, publisher, ...topics.map((topic, i) => ({ topic, text: text(i) })));
      const received = await (await back(world)).drain();
      expect(received.sort()).to.deep.equal(range(4, 7));
    });

    it('does not count what is not for it: messages of QoS 0', async () => {
      const world = worldOf({ maxQueuedMessages: 3 });
      await away(world, 't/0');
      const publisher = await world.connected({ clientId: 'p' });
      const mixed = numbered(1, 20).map((message, i) => ({
        ...message,
        qos: i % 7 === 0 ? (1 as const) : (0 as const),
      }));
      await send(world, publisher, ...mixed);
      expect(await (await back(world)).drain()).to.deep.equal(['0001', '0008', '0015']);
    });

    it('reads no more of the store than may wait', async () => {
      const world = worldOf({ maxQueuedMessages: 5 });
      await away(world, 't/0');
      const publisher = await world.connected({ clientId: 'p' });
      const packets = Array.from({ length: 600 }, (_, i) =>
        publish({ topic: 't/0', qos: 1, id: (i % 60000) + 1, payload: text(i) }),
      );
      for (const packet of packets) await publisher.exchange(packet);
      sinon.stub(world.store, 'tail').returns(undefined);
      const pull = sinon.spy(world.store, 'pull');
      expect(await (await back(world)).drain()).to.deep.equal(range(595, 599));
      expect(Math.min(...pull.args.map(([, offset]) => offset))).to.be.at.least(600 - 256);
    });

    it('closes the connection when the store cannot be read', async () => {
      const world = worldOf({ maxQueuedMessages: 1 });
      await away(world, 't/0');
      await send(world, await world.connected({ clientId: 'p' }), ...numbered(1, 3));
      sinon.stub(world.store, 'tail').returns(undefined);
      sinon.stub(world.store, 'pull').rejects(new StoreError(ErrorCode.STORE_UNAVAILABLE, 'x'));
      const client = await back(world);
      await turns();
      expect(client.closed).to.equal(true);
    });
  });

  describe('of a client that does not acknowledge', () => {
    it('keeps the newest besides those in flight', async () => {
      const world = worldOf({ maxQueuedMessages: 10, maxInflight: 2 });
      const client = await world.subscribed({ clientId: 's' }, ['t/0', 1]);
      const publisher = await world.connected({ clientId: 'p' });
      await send(world, publisher, ...numbered(1, 30));
      const sent = await client.publishes();
      expect(sent.map(({ payload }) => payload.toString())).to.deep.equal(range(1, 2));
      client.socket.feed(...sent.map(({ id }) => puback(id)));
      expect(await client.drain()).to.deep.equal(range(21, 30));
      expect(world.stats.queueFullDropped).to.equal(18);
      await send(world, publisher, ...numbered(31, 33));
      expect(await client.drain()).to.deep.equal(range(31, 33));
    });

    it('keeps those that were there first', async () => {
      const limits = { maxQueuedMessages: 5, maxInflight: 2, queueFullPolicy: 'dropNewest' };
      const world = worldOf(limits as Partial<GatewayLimits>);
      const client = await world.subscribed({ clientId: 's' }, ['t/0', 1]);
      const publisher = await world.connected({ clientId: 'p' });
      await send(world, publisher, ...numbered(1, 20));
      const [first] = await client.publishes();
      // One acknowledged: 3 goes out, and there is room for one more.
      await client.exchange(puback(first!.id));
      await send(world, publisher, ...numbered(21, 25));
      client.socket.feed(puback(2), puback(3));
      const rest = await client.drain();
      expect(rest).to.deep.equal([...range(4, 7), '0021']);
      await send(world, publisher, ...numbered(26, 27));
      expect(await client.drain()).to.deep.equal(range(26, 27));
      expect(world.stats.queueFullDropped).to.equal(25 - 8);
    });

    it('drops nothing of what is delivered as fast as it comes', async () => {
      const world = worldOf({ maxQueuedMessages: 1, maxQueuedBytes: 1024 });
      const client = await world.subscribed({ clientId: 's' }, ['t/#', 1]);
      const publisher = await world.connected({ clientId: 'p' });
      const packets = Array.from({ length: 100 }, (_, i) =>
        publish({ topic: 't/0', qos: 1, id: i + 1, payload: text(i) }),
      );
      await publisher.exchange(...packets);
      expect(await client.drain()).to.deep.equal(range(0, 99));
      expect(world.stats.queueFullDropped).to.equal(0);
    });

    it('goes on for a session that is saved and comes back', async () => {
      const world = worldOf({ maxQueuedMessages: 4, maxInflight: 1 });
      const client = await world.subscribed({ clientId: 's', clean: false }, ['t/0', 1]);
      const publisher = await world.connected({ clientId: 'p' });
      await send(world, publisher, ...numbered(1, 9));
      await client.lose();
      await send(world, publisher, ...numbered(10, 12));
      const again = await back(world);
      expect(await again.drain()).to.deep.equal(['0001', ...range(9, 12)]);
    });
  });

  it('leaves a session without a meter when nothing is limited', async () => {
    const world = worldOf({});
    const client = await world.subscribed({ clientId: 's' }, ['t/0', 1]);
    await send(world, await world.connected({ clientId: 'p' }), ...numbered(1, 3));
    expect(client.channel.session!.meter).to.equal(undefined);
  });

  for (const queueFullPolicy of ['dropOldest', 'dropNewest'] as const) {
    it(`agrees with a queue in memory, whatever the order of things: ${queueFullPolicy}`, async () => {
      const step = fc.oneof(
        fc.record({ send: fc.integer({ min: 1, max: 6 }) }),
        fc.record({ ack: fc.integer({ min: 1, max: 3 }) }),
      );
      const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const world = worldOf({ maxQueuedMessages: 5, maxInflight: 2, queueFullPolicy });
        const client = await world.subscribed({ clientId: 's' }, ['t/0', 1]);
        const publisher = await world.connected({ clientId: 'p' });
        const expected: string[] = [];
        const queue: string[] = [];
        const received: string[] = [];
        const unacknowledged: number[] = [];
        let inflight = 0;
        let next = 0;
        const deliver = (): void => {
          for (; inflight < 2 && queue.length > 0; inflight++) expected.push(queue.shift()!);
        };
        const receive = async (): Promise<void> => {
          for (const message of await client.publishes()) {
            received.push(message.payload.toString());
            unacknowledged.push(message.id);
          }
        };
        for (const action of steps) {
          if ('send' in action) {
            for (let i = 0; i < action.send; i++) {
              const payload = text(next++);
              await send(world, publisher, { text: payload });
              queue.push(payload);
              deliver();
              if (queue.length > 5 && queueFullPolicy === 'dropOldest') queue.shift();
              else if (queue.length > 5) queue.pop();
            }
          } else {
            await receive();
            for (const id of unacknowledged.splice(0, action.ack)) {
              await client.exchange(puback(id)).then((packets) => {
                client.putBack(packets);
              });
              inflight--;
              deliver();
            }
          }
          await receive();
        }
        expect(received).to.deep.equal(expected);
      });
      await fc.assert(property, { numRuns: 25 });
    }).timeout(30_000);
  }
});
