import { expect } from 'chai';
import sinon from 'sinon';
import { Patience } from '../../../src/cli/patience.ts';
import { messageOf } from '../../../src/common/errors.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import { FakeClock } from '../gateway/fake-clock.ts';

describe('Patience', () => {
  let clock: FakeClock;
  let info: sinon.SinonSpy;
  let warn: sinon.SinonSpy;
  let patience: Patience;
  beforeEach(() => {
    clock = new FakeClock();
    info = sinon.spy();
    warn = sinon.spy();
    patience = new Patience({ clock, logger: { ...silentLogger, info, warn } });
  });

  it('tells once, with the details, whoever has started the process', async () => {
    const tell = sinon.spy();
    const work = new Promise<void>(() => undefined);
    const told = new Patience({ clock, logger: silentLogger, tell });
    const waiting = told.await(work, { addresses: ['a:1', 'b:2'] }, 'waiting').catch(messageOf);
    clock.advance(30_000);
    expect(tell.args).to.deep.equal([['waiting (a:1, b:2)']]);
    told.end();
    await waiting;
  });

  it('says what it waits for, again and again, and not what came at once', async () => {
    let come: (value: number) => void = () => undefined;
    const work = new Promise<number>((resolve) => {
      come = resolve;
    });
    const waiting = patience.await(work, { x: 1 }, 'waiting for godot');
    expect(info.callCount).to.equal(0);
    clock.advance(1000);
    expect(info.args).to.deep.equal([[{ x: 1 }, 'waiting for godot']]);
    clock.advance(30_000);
    expect(warn.args[0]).to.deep.equal([{ x: 1 }, 'still waiting for godot']);
    expect(warn.callCount).to.equal(3);
    come(7);
    expect(await waiting).to.equal(7);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('ends what is waited for, now and later', async () => {
    const never = new Promise<void>(() => undefined);
    const waiting = patience.await(never, {}, 'waiting').catch(messageOf);
    patience.end();
    expect(await waiting).to.equal('stopped while it was starting');
    const later = await patience.pause(1).catch(messageOf);
    expect(later).to.equal('stopped while it was starting');
    expect(patience.isEnded).to.equal(true);
  });

  it('passes on what fails', async () => {
    const failed = Promise.reject(new Error('no'));
    const waited = await patience.await(failed, {}, 'waiting').catch(messageOf);
    expect(waited).to.equal('no');
  });
});
