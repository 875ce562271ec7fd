import { expect } from 'chai';
import sinon from 'sinon';
import { puback, publish } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { MAX_READING, SlowDisk, names, away, back, sessionOf, expectQuiet } from './slow-disk.ts';

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
});
