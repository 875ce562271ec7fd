import { expect } from 'chai';
import { Action } from '../../../../src/auth/types.ts';
import { PUBLISH_MS, PublishTurns } from '../../../../src/gateway/channel/publish-turns.ts';
import { publish, puback, subscribe } from '../../../helpers/packets.ts';
import { publish5 } from '../../../helpers/packets5.ts';
import { FakeClock } from '../fake-clock.ts';
import { connected5 } from '../fake-client5.ts';
import { turns as pass } from '../fake-socket.ts';
import { type FakeClient, World } from '../gateway-world.ts';

const MUCH = 64;

describe('gateway: PublishTurns', () => {
  let clock: FakeClock;
  let turns: PublishTurns;
  let done: string[];

  beforeEach(() => {
    clock = new FakeClock();
    turns = new PublishTurns(clock);
    done = [];
  });

  /** As many as a connection has at once, each of which takes `ms`. */
  function publishes(name: string, count: number, ms: number, work = MUCH): void {
    for (let left = count; left > 0; left--) {
      if (!turns.mayTake(work)) {
        const rest = left;
        turns.wait(() => {
          publishes(name, rest, ms, work);
        });
        return;
      }
      done.push(name);
      clock.advance(ms);
    }
  }

  it('lets all go on while there is time, without a look at the clock for little work', () => {
    publishes('a', 60, PUBLISH_MS, 1);
    publishes('b', 2, 1);
    expect(done).to.have.length(62);
  });

  it('leaves the rest to later turns, one connection after the other', async () => {
    publishes('a', 6, PUBLISH_MS);
    publishes('b', 3, PUBLISH_MS);
    // The time is found to be over with the second one.
    expect(done.join('')).to.equal('aa');
    await pass(1);
    expect(done.join('')).to.equal('aaaa');
    await pass(1);
    expect(done.join('')).to.equal('aaaabb');
    await pass(8);
    expect(done.join('')).to.equal('aaaabbaab');
  });

  it('has who comes now wait behind those who wait', async () => {
    publishes('a', 3, PUBLISH_MS);
    publishes('b', 1, 0);
    expect(done).to.deep.equal(['a', 'a']);
    await pass(3);
    expect(done).to.deep.equal(['a', 'a', 'a', 'b']);
  });

  it('begins anew with each turn', async () => {
    for (let i = 0; i < 5; i++) {
      publishes('a', 2, PUBLISH_MS / 2 - 0.1);
      await pass(1);
    }
    expect(done).to.have.length(10);
  });
});

describe('gateway: publishes that are much work', () => {
  const FILTERS = 16;

  /** A world in which each message that is appended takes time. */
  function slowWorld(limits = {}): World {
    const world = new World({ limits });
    const { store } = world;
    const append = store.append.bind(store);
    store.append = (...message) => {
      world.clock.advance(1);
      return append(...message);
    };
    return world;
  }

  async function wideSubscriber(world: World, qos: number): Promise<FakeClient> {
    const client = await world.connected({ clientId: 'wide' });
    const filters = Array.from(
      { length: FILTERS },
      (_, i) => [i === 0 ? '#' : `t/${'+/'.repeat(i - 1)}#`, qos] as const,
    );
    await client.exchange(subscribe(1, ...filters));
    return client;
  }

  const deep = `t/${Array.from({ length: FILTERS }, (_, i) => i).join('/')}`;

  function burst(count: number, topic: (i: number) => string): Buffer[] {
    return Array.from({ length: count }, (_, i) =>
      publish({ topic: topic(i), qos: 1, id: i + 1, payload: String(i) }),
    );
  }

  it('do not hold up what others publish', async () => {
    const world = slowWorld();
    const wide = await wideSubscriber(world, 0);
    const attacker = await world.connected({ clientId: 'attacker' });
    const honest = await world.connected({ clientId: 'honest' });
    await honest.exchange(publish({ topic: 'quiet', qos: 1, id: 1 }));
    wide.take();
    attacker.socket.feed(Buffer.concat(burst(200, () => deep)));
    honest.socket.feed(publish({ topic: 'quiet', qos: 1, id: 2 }));
    await pass(8);
    expect(honest.take()).to.deep.equal([{ type: 'puback', id: 2 }]);
    expect(attacker.take().length).to.be.within(1, 100);
    await pass(200);
    const payloads = (await wide.publishes())
      .filter(({ topic }) => topic === deep)
      .map(({ payload }) => Number(payload.toString()));
    // Each message as often as there are filters, and the messages in order.
    expect(payloads).to.have.length(200 * FILTERS);
    expect(payloads).to.deep.equal([...payloads].sort((a, b) => a - b));
    expect(world.stats.messagesReceived).to.equal(202);
    expect(world.stats.publishesDeferred).to.be.greaterThan(10);
  });

  it('are those to new topics too, and not to topics that are known', async () => {
    const world = slowWorld();
    const attacker = await world.connected({ clientId: 'attacker' });
    const packets = burst(100, (i) => `new/${String(i)}`);
    attacker.socket.feed(Buffer.concat(packets));
    await pass(4);
    const first = attacker.take().length;
    expect(first).to.be.within(1, 50);
    await pass(100);
    expect(attacker.take()).to.have.length(100 - first);
    // The second publish of a topic finds out that there is little work.
    await attacker.exchange(Buffer.concat(packets));
    await pass(20);
    attacker.take();
    const { publishesDeferred } = world.stats;
    attacker.socket.feed(Buffer.concat(packets));
    await pass(4);
    expect(attacker.take()).to.have.length(100);
    expect(world.stats.publishesDeferred).to.equal(publishesDeferred);
  });

  it('are those that the authorizer is asked about, refused or not, and not the ones that it was asked about', async () => {
    const world = new World({
      authorizer: {
        authorize: (_, action, topic) => {
          if (action === Action.PUBLISH) world.clock.advance(1);
          return !topic.startsWith('no');
        },
      },
    });
    const attacker = await connected5(world, { clientId: 'attacker' });
    const topics = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 'no' : `yes/${i}`));
    for (let round = 0; round < 2; round++) {
      const packets = topics.map((topic, i) => publish5({ topic, qos: 1, id: i + 1 }));
      attacker.socket.feed(Buffer.concat(packets));
      await pass(4);
      const first = attacker.take().length;
      expect(first).to.be.within(1, 60);
      await pass(200);
      expect(first + attacker.take().length).to.equal(topics.length);
    }
    const { publishesDeferred } = world.stats;
    expect(publishesDeferred).to.be.greaterThan(10);
    const known = topics.map((_, i) => publish5({ topic: 'yes/1', qos: 1, id: i + 1 }));
    attacker.socket.feed(Buffer.concat(known));
    await pass(4);
    expect(attacker.take()).to.have.length(topics.length);
    expect(world.stats.publishesDeferred).to.equal(publishesDeferred);
  });

  it('keep the order of a connection, of both QoS and of other packets', async () => {
    const world = slowWorld();
    const all = await world.subscribed({ clientId: 'all' }, ['#', 0]);
    const attacker = await world.connected({ clientId: 'attacker' });
    const packets = Array.from({ length: 60 }, (_, i) =>
      publish({
        topic: i % 3 === 0 ? 'same' : `n/${String(i)}`,
        qos: i % 2 === 0 ? 0 : 1,
        id: i + 1,
        payload: String(i),
      }),
    );
    attacker.socket.feed(Buffer.concat([...packets, Buffer.from([0xc0, 0])]));
    await pass(100);
    expect(attacker.take()).to.deep.include({ type: 'pingresp' });
    const payloads = (await all.publishes()).map(({ payload }) => Number(payload.toString()));
    expect(payloads).to.deep.equal(Array.from({ length: 60 }, (_, i) => i));
  });

  it('are those at QoS 0 to many shared groups, whose work comes with the run', async () => {
    const world = new World();
    const member = await world.connected({ clientId: 'member' });
    const groups = 1024;
    const filters = Array.from({ length: groups }, (_, i) => [`$share/g${i}/t`, 0] as const);
    await member.exchange(subscribe(1, ...filters));
    const { forwarder } = world.context;
    const forwardRun = forwarder.forwardRun.bind(forwarder);
    const runs: number[] = [];
    forwarder.forwardRun = (entry, chunk, start, end, count, ...rest) => {
      runs.push(count);
      world.clock.advance(count);
      forwardRun(entry, chunk, start, end, count, ...rest);
    };
    const attacker = await world.connected({ clientId: 'attacker' });
    attacker.socket.feed(
      Buffer.concat(Array.from({ length: 60 }, () => publish({ topic: 't', payload: 'x' }))),
    );
    await pass(2);
    expect(runs.length).to.be.below(15);
    await pass(100);
    expect(Math.max(...runs)).to.equal(4);
    expect(runs.reduce((sum, count) => sum + count)).to.equal(60);
    expect(await member.publishes()).to.have.length(60 * groups);
  });

  it('count once for the publish rate', async () => {
    const world = slowWorld({ maxPublishRate: 100, publishRateExceeded: 'pause' });
    const attacker = await world.connected({ clientId: 'attacker' });
    attacker.socket.feed(Buffer.concat(burst(90, (i) => `new/${String(i)}`)));
    await pass(200);
    expect(attacker.take()).to.have.length(90);
    expect(world.stats.publishesDeferred).to.be.greaterThan(10);
    expect(world.stats.publishRateExceeded).to.equal(0);
  });

  it('go when their connection does', async () => {
    const world = slowWorld();
    const attacker = await world.connected({ clientId: 'attacker' });
    const honest = await world.connected({ clientId: 'honest' });
    attacker.socket.feed(Buffer.concat(burst(100, (i) => `new/${String(i)}`)));
    await attacker.lose();
    const { messagesReceived } = world.stats;
    await pass(20);
    expect(world.stats.messagesReceived).to.equal(messagesReceived);
    const answer = await honest.exchange(publish({ topic: 'other', qos: 1, id: 3 }), puback(9));
    expect(answer).to.deep.equal([{ type: 'puback', id: 3 }]);
  });
});
