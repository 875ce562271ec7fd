import { expect } from 'chai';
import {
  createShareStrategy,
  hashOf,
  type ShareStrategyName,
} from '../../../../src/gateway/share/share-strategy.ts';

const MEMBERS = ['a', 'b', 'c'];
const all = (_member: string): boolean => true;
const but =
  (...full: readonly string[]) =>
  (member: string): boolean =>
    !full.includes(member);

function choices(name: ShareStrategyName, count: number, hasRoom = all): (string | undefined)[] {
  const strategy = createShareStrategy<string>(name);
  return Array.from({ length: count }, (_, i) =>
    strategy.choose(MEMBERS, hashOf(`t${i}`), hasRoom),
  );
}

describe('gateway/share/share-strategy', () => {
  it('round_robin: in turn, past those that have no room', () => {
    expect(choices('round_robin', 6)).to.deep.equal(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(choices('round_robin', 4, but('b'))).to.deep.equal(['a', 'c', 'a', 'c']);
    expect(choices('round_robin', 2, but('a', 'b', 'c'))).to.deep.equal([undefined, undefined]);
  });

  it('round_robin: goes on when members have left', () => {
    const strategy = createShareStrategy<string>('round_robin');
    strategy.choose(MEMBERS, 0, all);
    strategy.choose(MEMBERS, 0, all);
    expect(strategy.choose(['a'], 0, all)).to.equal('a');
    expect(strategy.choose([], 0, all)).to.equal(undefined);
  });

  it('random: everybody gets some, nobody without room', () => {
    const chosen = choices('random', 300);
    for (const member of MEMBERS) {
      expect(chosen.filter((one) => one === member).length).to.be.within(50, 150);
    }
    expect(new Set(choices('random', 100, but('a', 'c')))).to.deep.equal(new Set(['b']));
    expect(choices('random', 1, but('a', 'b', 'c'))).to.deep.equal([undefined]);
  });

  it('sticky: one member, waited for, until it leaves', () => {
    const strategy = createShareStrategy<string>('sticky');
    expect(strategy.choose(MEMBERS, 0, but('a'))).to.equal('b');
    expect(strategy.choose(MEMBERS, 0, all)).to.equal('b');
    expect(strategy.choose(MEMBERS, 0, but('b'))).to.equal(undefined);
    expect(strategy.choose(['a', 'c'], 0, all)).to.equal('a');
  });

  for (const [name, part] of [
    ['hash_clientid', 'publisher'],
    ['hash_topic', 'topic'],
  ] as const) {
    it(`${name}: the same member for the same ${part}, waited for`, () => {
      const strategy = createShareStrategy<string>(name);
      expect(strategy.hashed).to.equal(part);
      const used = new Set<string | undefined>();
      for (let i = 0; i < 30; i++) {
        const hash = hashOf(`x${i}`);
        const member = strategy.choose(MEMBERS, hash, all);
        used.add(member);
        expect(strategy.choose(MEMBERS, hash, all)).to.equal(member);
        expect(strategy.choose(MEMBERS, hash, but(member as string))).to.equal(undefined);
      }
      expect(used.size).to.equal(3);
    });
  }
});
