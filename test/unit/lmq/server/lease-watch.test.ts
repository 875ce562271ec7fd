import { expect } from 'chai';
import { LeaseWatch } from '../../../../src/lmq/server/lease-watch.ts';
import { ServerNode } from '../../../../src/lmq/server/server-node.ts';
import { ManualClock } from '../manual-clock.ts';
import { FakeLink } from './fake-node.ts';

const LEASE_MS = 1_000;
const LOOK_MS = 50;

describe('LeaseWatch', () => {
  let clock: ManualClock;
  let node: ServerNode;
  let silent: ServerNode[];

  beforeEach(() => {
    clock = new ManualClock();
    node = new ServerNode('n', 'n', 1, LEASE_MS, clock.monotonic());
    silent = [];
    const watch = new LeaseWatch(
      clock,
      LEASE_MS,
      () => (silent.includes(node) ? [] : [node]),
      (found) => silent.push(found),
    );
    watch.start();
  });

  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += LOOK_MS) clock.advance(LOOK_MS);
  };

  it('finds a node that is silent for longer than its lease, not before, and once', () => {
    pass(LEASE_MS);
    expect(silent).to.deep.equal([]);
    pass(LOOK_MS);
    expect(silent).to.deep.equal([node]);
    pass(LEASE_MS * 3);
    expect(silent).to.deep.equal([node]);
  });

  it('finds none that gives signs of life', () => {
    for (let i = 0; i < 10; i++) {
      pass(LEASE_MS - LOOK_MS);
      node.lastSeen = clock.monotonic();
    }
    expect(silent).to.deep.equal([]);
  });

  it('does not count time in which the process stood still', () => {
    pass(LEASE_MS / 2);
    clock.advance(LEASE_MS * 10);
    pass(LEASE_MS / 2 - LOOK_MS);
    expect(silent).to.deep.equal([]);
    pass(LOOK_MS * 3);
    expect(silent).to.deep.equal([node]);
  });

  it('does not count time in which nothing is read from the node', () => {
    const link = new FakeLink();
    link.pause();
    node.link = link;
    pass(LEASE_MS * 3);
    expect(silent).to.deep.equal([]);
    link.resume();
    pass(LOOK_MS);
    expect(silent).to.deep.equal([node]);
  });
});
