import { expect } from 'chai';
import sinon from 'sinon';
import type { PullResult } from '../../../../src/lmq/spi/types.ts';
import { CursorState } from '../../../../src/gateway/session/cursor.ts';
import type { Session } from '../../../../src/gateway/session/session.ts';
import { connect, puback, publish, subscribe, unsubscribe } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { type FakeClient, World } from '../gateway-world.ts';

/** Cursors of one session that may read from disk at a time. */
const MAX_READING = 8;
const HELLO = connect({ clientId: 'c', clean: false, keepAlive: 0 });

interface PendingRead {
  readonly topic: string;
  finish(): Promise<void>;
  fail(): Promise<void>;
}

/** A store of which nothing is in memory, and whose reads take as long as the test wants. */
class SlowDisk {
  readonly pending: PendingRead[] = [];
  /** Topics in the order in which they were read. */
  readonly begun: string[] = [];

  /** @param recordsEach how many records one read brings */
  constructor(world: World, recordsEach = 512) {
    const pull = world.store.pull.bind(world.store);
    sinon.stub(world.store, 'tail').returns(undefined);
    sinon.stub(world.store, 'pull').callsFake((queue, offset, _maxMessages, maxBytes) => {
      const topic = queue.name.slice(1);
      this.begun.push(topic);
      return new Promise<PullResult>((resolve, reject) => {
        const settle = async (end: () => void): Promise<void> => {
          this.pending.splice(this.pending.indexOf(read), 1);
          end();
          await turns(4);
        };
        const read: PendingRead = {
          topic,
          finish: () =>
            settle(() => {
              pull(queue, offset, recordsEach, maxBytes).then(resolve, reject);
            }),
          fail: () =>
            settle(() => {
              reject(new Error('I/O error'));
            }),
        };
        this.pending.push(read);
      });
    });
  }

  /** Finishes the oldest read, again and again, until there is none. */
  async finishAll(): Promise<void> {
    while (this.pending.length > 0) await this.pending[0]!.finish();
  }
}

/** What the client gets until the session reads no more. */
async function drainWhileReading(
  session: Session,
  disk: SlowDisk,
  client: FakeClient,
): Promise<string[]> {
  const received: string[] = [];
  for (let i = 0; i < 100 && session.reading > 0; i++) {
    await disk.finishAll();
    received.push(...(await client.drain()));
  }
  return received;
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `t${String(i).padStart(2, '0')}`);
}

/** A world where the session of `c` has one message in each of `count` queues and is away. */
async function away(count: number, limits = {}, messages = 1): Promise<World> {
  const world = new World({ limits });
  const filters = names(count).map((name) => [name, 1] as const);
  const client = await world.subscribed({ clean: false }, ...filters);
  await client.lose();
  const publisher = await world.connected({ clientId: 'p' });
  let id = 0;
  for (let i = 0; i < messages; i++) {
    for (const topic of names(count)) {
      await publisher.exchange(publish({ topic, qos: 1, id: ++id, payload: topic }));
    }
  }
  return world;
}

async function back(world: World): Promise<FakeClient> {
  const client = world.open();
  await client.exchange(HELLO);
  return client;
}

function sessionOf(world: World): Session {
  return world.context.sessions.connected('c')!;
}

function states(session: Session): string[] {
  return [...session.subscriptions.values()].map(({ cursor }) => cursor!.state);
}

/** Nothing is being read, held or waited for. */
function expectQuiet(session: Session): void {
  expect(session.reading, 'reading').to.equal(0);
  expect(session.waiting, 'waiting').to.deep.equal([]);
  expect(session.ready, 'ready').to.deep.equal([]);
}

describe('gateway: CursorReads', () => {
  afterEach(() => {
    sinon.restore();
  });

  it('reads for at most eight subscriptions of a session at a time', async () => {
    const world = await away(20);
    const disk = new SlowDisk(world);
    const client = await back(world);
    const session = sessionOf(world);
    for (let left = 20; left > 0; left--) {
      expect(disk.pending).to.have.length(Math.min(left, MAX_READING));
      expect(session.reading).to.equal(Math.min(left, MAX_READING));
      await disk.pending[0]!.finish();
    }
    expect(await client.drain()).to.have.length(20);
    expectQuiet(session);
  });

  it('serves them in the order in which they asked, each again behind the others', async () => {
    const world = await away(11, {}, 3);
    const disk = new SlowDisk(world, 1);
    const client = await back(world);
    await disk.finishAll();
    const round = names(11);
    expect(disk.begun).to.deep.equal([...round, ...round, ...round]);
    expect(await client.drain()).to.have.length(33);
    expectQuiet(sessionOf(world));
  });

  it('counts what was read and cannot be delivered yet', async () => {
    const world = await away(12, { maxInflight: 1 });
    const disk = new SlowDisk(world);
    const client = await back(world);
    const session = sessionOf(world);
    const first: string[] = [];
    while (disk.pending.length > 0) await disk.pending[0]!.finish();
    // One is on its way, and eight hold what they have read: nobody reads on.
    expect(session.reading).to.equal(MAX_READING);
    expect(disk.begun.length).to.be.within(MAX_READING, MAX_READING + 1);
    for (let i = 0; i < 12; i++) {
      const [message] = await client.publishes();
      first.push(message!.payload.toString());
      await client.exchange().then((packets) => {
        client.putBack(packets);
      });
      client.socket.feed(puback(message!.id));
      await turns();
      await disk.finishAll();
    }
    expect(first.sort()).to.deep.equal(names(12));
    expectQuiet(session);
  });

  it('does not let one session wait for another', async () => {
    const world = await away(20);
    const other = await world.subscribed({ clientId: 'other', clean: false }, ['t00', 1]);
    await other.lose();
    const publisher = await world.connected({ clientId: 'p2' });
    await publisher.exchange(publish({ topic: 't00', qos: 1, id: 1, payload: 'm' }));
    const disk = new SlowDisk(world);
    await back(world);
    expect(disk.pending).to.have.length(MAX_READING);
    await world.connected({ clientId: 'other', clean: false });
    expect(disk.pending).to.have.length(MAX_READING + 1);
  });

  for (const [state, index, maxInflight] of [
    ['PULLING', 0, 1],
    ['WAITING', 15, 1],
    ['RUNNING', 1, 1],
    ['CAUGHT_UP', 2, 16],
  ] as const) {
    it(`gives its place to the next when a subscription goes that is ${state}`, async () => {
      // With a window of one: t02 is delivered, t01 holds what was read for it, t00 is being read.
      const world = await away(16, { maxInflight });
      const disk = new SlowDisk(world);
      const client = await back(world);
      const session = sessionOf(world);
      await disk.pending[2]!.finish();
      await disk.pending.find(({ topic }) => topic === 't01')!.finish();
      const name = names(16)[index]!;
      const cursor = session.subscriptions.get(name)!.cursor!;
      const begun = disk.begun.length;
      expect(cursor.state).to.equal(state);
      client.putBack(await client.exchange(unsubscribe(9, name)));
      expect(cursor.state).to.equal(CursorState.CLOSED);
      const holdsPlace = state === 'PULLING' || state === 'RUNNING';
      expect(disk.begun.length - begun, 'reads begun').to.equal(holdsPlace ? 1 : 0);
      expect(session.reading, 'places in use').to.equal(MAX_READING);
      for (let i = 0; i < 100 && (disk.pending.length > 0 || session.ready.length > 0); i++) {
        await disk.finishAll();
        await client.drain();
      }
      expectQuiet(session);
      const rest = states(session);
      expect(rest).to.have.length(15);
      expect(new Set(rest)).to.deep.equal(new Set([CursorState.CAUGHT_UP]));
      await client.lose();
      expect(world.store.stats.openQueues).to.equal(0);
    });
  }

  it('goes on for the connection that takes the session over', async () => {
    const world = await away(20);
    const disk = new SlowDisk(world);
    await back(world);
    await disk.pending[3]!.finish();
    const second = await back(world);
    const session = sessionOf(world);
    expect(session.reading).to.equal(MAX_READING);
    const received = new Set(await drainWhileReading(session, disk, second));
    expect([...received].sort()).to.deep.equal(names(20));
    expectQuiet(session);
  });

  it('begins no read for a session that leaves memory', async () => {
    const world = await away(40);
    const disk = new SlowDisk(world);
    const client = await back(world);
    const session = sessionOf(world);
    expect(disk.begun).to.have.length(MAX_READING);
    await client.lose();
    expect(disk.begun).to.have.length(MAX_READING);
    await disk.finishAll();
    expectQuiet(session);
    expect(world.store.stats.openQueues).to.equal(0);
  });

  it('delivers everything after a read that failed, to the next connection', async () => {
    const world = await away(20);
    const disk = new SlowDisk(world);
    const first = await back(world);
    const failed = sessionOf(world);
    await disk.pending[2]!.fail();
    expect(first.closed).to.equal(true);
    await disk.finishAll();
    expectQuiet(failed);
    const second = await back(world);
    const received = await drainWhileReading(sessionOf(world), disk, second);
    expect(received.sort()).to.deep.equal(names(20));
    expectQuiet(sessionOf(world));
  });

  it('delivers everything when a read fails between two connections', async () => {
    const world = await away(20);
    const disk = new SlowDisk(world);
    await back(world);
    const session = sessionOf(world);
    const begin = world.context.sessions.begin.bind(world.context.sessions);
    // The session belongs to the second connection already, and is not delivered to it yet.
    sinon.stub(world.context.sessions, 'begin').callsFake((taken) => {
      void disk.pending[0]!.fail().then(() => {
        begin(taken);
      });
    });
    const second = await back(world);
    await turns();
    expect(second.closed).to.equal(false);
    const received = new Set(await drainWhileReading(session, disk, second));
    expect([...received].sort()).to.deep.equal(names(20));
    expectQuiet(session);
  });

  it('keeps its limit and loses nothing, whatever happens in between', async () => {
    for (let seed = 1; seed <= 15; seed++) {
      const world = await away(16, { maxInflight: 3 });
      const disk = new SlowDisk(world, 1);
      let client = await back(world);
      let state = seed;
      const random = (below: number): number => {
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
        return Math.floor((state / 2 ** 31) * below);
      };
      const kept = new Set(names(16));
      const received = new Set<string>();
      const take = async (): Promise<void> => {
        for (const message of await client.publishes()) {
          received.add(message.payload.toString());
          if (random(4) > 0) client.socket.feed(puback(message.id));
        }
      };
      for (let step = 0; step < 60; step++) {
        const act = random(12);
        const name = names(16)[random(16)]!;
        const read = disk.pending[random(disk.pending.length)];
        if (act < 6) await read?.finish();
        else if (act < 8) await take();
        else if (act === 8 && kept.delete(name)) await client.exchange(unsubscribe(7, name));
        else if (act === 9 && !kept.has(name)) await client.exchange(subscribe(8, [name, 1]));
        else if (act === 10) client = await back(world);
        else if (act === 11) {
          if (random(2) === 0) await read?.fail();
          else await client.lose();
          client = await back(world);
        }
        const { reading, waiting } = sessionOf(world);
        expect(reading, `seed ${String(seed)}`).to.be.within(0, MAX_READING);
        if (waiting.length > 0) expect(reading).to.equal(MAX_READING);
      }
      // A new connection gets again what was not acknowledged.
      client = await back(world);
      for (let i = 0; i < 200; i++) {
        await disk.finishAll();
        for (const payload of await client.drain()) received.add(payload);
        if (disk.pending.length === 0 && sessionOf(world).reading === 0) break;
      }
      expectQuiet(sessionOf(world));
      expect([...received], `seed ${String(seed)}`).to.include.members([...kept]);
      await client.lose();
      await disk.finishAll();
    }
  });
});
