import { expect } from 'chai';
import { Readiness } from '../../../src/admin/readiness.ts';
import type { CommitListener } from '../../../src/lmq/spi/types.ts';

function world() {
  const state = { listening: true, commit: (() => {}) as CommitListener, away: [] as string[] };
  const readiness = new Readiness({
    store: { onCommit: (listener) => (state.commit = listener) },
    isListening: () => state.listening,
    storesAway: () => state.away,
  });
  return { state, readiness };
}

describe('Readiness', () => {
  it('is ready while the gateway listens and no commit has failed', () => {
    const { state, readiness } = world();
    expect(readiness.problems()).to.deep.equal([]);
    state.commit(1, undefined);
    expect(readiness.problems()).to.deep.equal([]);
  });

  it('is not ready while the gateway does not listen', () => {
    const { state, readiness } = world();
    state.listening = false;
    expect(readiness.problems()).to.deep.equal(['gateway: not listening']);
  });

  it('is not ready while stores are away, and names them', () => {
    const { state, readiness } = world();
    state.away = ['store lmq-a', 'store lmq-c'];
    expect(readiness.problems()).to.deep.equal([
      'store lmq-a: not connected',
      'store lmq-c: not connected',
    ]);
    state.away = [];
    expect(readiness.problems()).to.deep.equal([]);
  });

  it('is not ready from a failed commit until one succeeds, and does not tell of paths', () => {
    const { state, readiness } = world();
    state.commit(1, new Error('/secret/place is full'));
    expect(readiness.problems()).to.deep.equal(['store: the last commit failed, see the log']);
    state.commit(2, undefined);
    expect(readiness.problems()).to.deep.equal([]);
  });
});
