import { expect } from 'chai';
import sinon from 'sinon';
import { CursorState } from '../../../../src/gateway/session/cursor.ts';
import { puback, subscribe, unsubscribe } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import {
  MAX_READING,
  SlowDisk,
  drainWhileReading,
  names,
  away,
  back,
  sessionOf,
  states,
  expectQuiet,
} from './slow-disk.ts';

describe('gateway: CursorReads of what goes or fails', () => {
  afterEach(() => {
    sinon.restore();
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
