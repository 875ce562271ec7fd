import { expect } from 'chai';
import { RequestTable } from '../../../../src/lmq/remote/request-table.ts';
import { FakeClock } from '../../gateway/fake-clock.ts';

const TIMEOUT_MS = 1_000;

describe('requests of a remote store', () => {
  let clock: FakeClock;
  let requests: RequestTable;

  beforeEach(() => {
    clock = new FakeClock();
    requests = new RequestTable({
      clock,
      requestTimeoutMs: TIMEOUT_MS,
      onRequest: () => undefined,
    });
    requests.start();
  });
  afterEach(() => {
    requests.stop();
  });

  function ask(after: number, onLate?: () => void): Promise<string> {
    return requests
      .ask({ getState: { space: 1, key: 'k' } }, after, () => 'answered', onLate)
      .catch(() => 'late');
  }

  it('are not kept, nor sent, when they have waited too long for a connection', async () => {
    const waiting = [ask(0), ask(0, () => undefined), ask(7), ask(7, () => undefined)];
    clock.advance(TIMEOUT_MS);
    expect(await Promise.all(waiting)).to.deep.equal(['late', 'late', 'late', 'late']);
    expect(requests.size).to.equal(0);
    expect(requests.waitsForWrites).to.equal(false);
    expect(requests.take(7)).to.deep.equal([]);
  });

  it('are known by a late answer once they were sent, as far as somebody wants to know', async () => {
    let lateAnswers = 0;
    const waiting = [ask(0), ask(0, () => lateAnswers++)];
    const ids = requests.take(0).map(({ id }) => id);
    clock.advance(TIMEOUT_MS);
    expect(await Promise.all(waiting)).to.deep.equal(['late', 'late']);
    expect(requests.size).to.equal(1);
    for (const id of ids) requests.answer({ id, done: {} });
    expect(lateAnswers).to.equal(1);
    expect(requests.size).to.equal(0);
  });

  it('that were sent on a lost connection are sent again, while somebody waits', async () => {
    const waiting = ask(0);
    expect(requests.take(0).length).to.equal(1);
    requests.rewind();
    clock.advance(TIMEOUT_MS);
    expect(await waiting).to.equal('late');
    expect(requests.take(0)).to.deep.equal([]);
  });
});
