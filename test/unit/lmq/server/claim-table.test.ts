import { expect } from 'chai';
import { ClaimTable } from '../../../../src/lmq/server/claim-table.ts';
import { CommitLedger } from '../../../../src/lmq/server/commit-ledger.ts';
import { decodeClaim, NO_NODE } from '../../../../src/lmq/server/node-record.ts';
import { ServerNode } from '../../../../src/lmq/server/server-node.ts';

const KEY = 'sclient';

/** Commits end when the test says so; `disk` is what they have made durable. */
class ClaimWorld {
  readonly ledger: CommitLedger = new CommitLedger();
  readonly disk: Map<string, number> = new Map<string, number>();
  readonly events: string[] = [];
  readonly claims: ClaimTable;
  openCommit = 1;
  #open: (() => void)[] = [];

  constructor() {
    this.claims = new ClaimTable(this, this.ledger, {
      revoke: (owner, key) => this.events.push(`revoke ${key} of ${owner.id}`),
      owned: () => undefined,
      orphaned: (key) => this.events.push(`orphan ${key}`),
    });
  }

  putState(_space: number, key: string, value: Buffer): number {
    const number = decodeClaim(value);
    this.#open.push(() => this.disk.set(key, number));
    return this.openCommit;
  }

  deleteState(_space: number, key: string): number {
    this.#open.push(() => this.disk.delete(key));
    return this.openCommit;
  }

  commit(error?: Error): void {
    const writes = this.#open;
    this.#open = [];
    const commit = this.openCommit++;
    if (error === undefined) for (const write of writes) write();
    this.ledger.settle(commit, error);
  }

  claim(node: ServerNode, onlyIfFree = false, key = KEY): void {
    this.claims.claim(node, key, onlyIfFree, (isClaimed) => {
      this.events.push(`${node.id} ${isClaimed ? 'has' : 'has not'} ${key}`);
    });
  }

  release(node: ServerNode, key = KEY): void {
    if (!this.claims.beginRelease(node, key)) return;
    this.ledger.whenOver(this.openCommit, (error) => {
      if (error === undefined) this.claims.finishRelease(node, key);
    });
  }

  die(node: ServerNode): void {
    node.isDead = true;
    this.claims.beginDeath(node);
    this.ledger.whenOver(this.openCommit, () => {
      this.claims.finishDeath(node);
    });
  }

  /** The events since the last call. */
  take(): string[] {
    return this.events.splice(0);
  }
}

describe('ClaimTable', () => {
  let world: ClaimWorld;
  let a: ServerNode;
  let b: ServerNode;
  let c: ServerNode;

  beforeEach(() => {
    world = new ClaimWorld();
    a = new ServerNode('a', 'a', 1, 1_000, 0);
    b = new ServerNode('b', 'b', 2, 1_000, 0);
    c = new ServerNode('c', 'c', 3, 1_000, 0);
  });

  const own = (node: ServerNode, key = KEY): void => {
    world.claim(node, false, key);
    world.commit();
    world.take();
  };

  it('gives what is free, and says so when the disk knows it', () => {
    world.claim(a);
    expect(world.take()).to.deep.equal([]);
    world.commit();
    expect(world.take()).to.deep.equal([`a has ${KEY}`]);
    expect(world.disk.get(KEY)).to.equal(a.number);
    expect(a.claims).to.equal(1);
  });

  it('does not say so when the commit fails', () => {
    world.claim(a);
    world.commit(new Error('disk full'));
    expect(world.take()).to.deep.equal([]);
  });

  it('gives the owner what it has', () => {
    own(a);
    world.claim(a);
    world.commit();
    expect(world.take()).to.deep.equal([`a has ${KEY}`]);
    expect(a.claims).to.equal(1);
  });

  it('asks the owner once and gives it to the others in turn, when each release is durable', () => {
    own(a);
    world.claim(b);
    world.claim(c);
    expect(world.take()).to.deep.equal([`revoke ${KEY} of a`]);
    world.release(a);
    expect(world.take()).to.deep.equal([]);
    world.commit();
    expect(world.take()).to.deep.equal([]);
    world.commit();
    expect(world.take()).to.deep.equal([`b has ${KEY}`, `revoke ${KEY} of b`]);
    world.release(b);
    world.commit();
    world.commit();
    expect(world.take()).to.deep.equal([`c has ${KEY}`]);
    expect([a.claims, b.claims, c.claims]).to.deep.equal([0, 0, 1]);
  });

  it('asks nobody who has not been told yet that it owns it', () => {
    world.claim(a);
    world.claim(b);
    expect(world.take()).to.deep.equal([]);
    world.commit();
    expect(world.take()).to.deep.equal([`a has ${KEY}`, `revoke ${KEY} of a`]);
  });

  it('answers at once when only a free one is wanted', () => {
    own(a);
    world.claim(b, true);
    expect(world.take()).to.deep.equal([`b has not ${KEY}`]);
    world.release(a);
    world.commit();
    world.claim(b, true);
    world.commit();
    expect(world.take()).to.deep.equal([`b has ${KEY}`]);
  });

  it('has an owner that claims again while its release is under way wait for it', () => {
    own(a);
    world.claim(b);
    world.release(a);
    world.claim(a);
    world.take();
    world.commit();
    world.commit();
    expect(world.take()).to.deep.equal([`b has ${KEY}`, `revoke ${KEY} of b`]);
    expect(world.claims.ownerOf(KEY)).to.equal(b);
  });

  it('ignores the release of what another one owns, but takes a wait back with it', () => {
    own(a);
    world.claim(b);
    world.take();
    world.release(b);
    expect(world.take()).to.deep.equal([`b has not ${KEY}`]);
    world.release(a);
    world.commit();
    expect(world.claims.ownerOf(KEY)).to.equal(undefined);
    expect(world.disk.has(KEY)).to.equal(false);
  });

  it('frees what a dead node had when its death is durable, and makes orphans of some of it', () => {
    own(a);
    own(a, 'wclient');
    own(a, 'dduty');
    own(a, 'ggroup');
    world.claim(b, false, 'wclient');
    world.take();
    world.die(a);
    world.claim(b, true);
    expect(world.take()).to.deep.equal([`b has not ${KEY}`]);
    world.commit();
    expect(world.take()).to.deep.equal([`orphan ${KEY}`]);
    world.commit();
    expect(world.take()).to.deep.equal(['b has wclient']);
    // the orphan is known to the disk until somebody has seen to it
    expect([...world.disk]).to.have.deep.members([
      [KEY, a.number],
      ['wclient', b.number],
    ]);
    expect(world.claims.size).to.equal(1);
  });

  it('gives a dead node nothing', () => {
    own(a);
    world.claim(b);
    world.die(b);
    world.release(a);
    world.commit();
    world.commit();
    expect(world.claims.ownerOf(KEY)).to.equal(undefined);
  });

  it('forgets what a node waits for when its stream is over', () => {
    own(a);
    world.claim(b);
    world.claim(c);
    world.claims.dropWaits(b);
    world.take();
    world.release(a);
    world.commit();
    world.commit();
    expect(world.take()).to.deep.equal([`c has ${KEY}`]);
  });

  it('asks an owner again who has come back', () => {
    own(a);
    world.claim(b);
    world.take();
    expect(world.claims.reattached(a, new Set([KEY]))).to.deep.equal([]);
    world.claims.askAgain(a);
    expect(world.take()).to.deep.equal([`revoke ${KEY} of a`]);
  });

  it('tells a node that has come back what it has lost', () => {
    own(a);
    own(b, 'sother');
    expect(world.claims.reattached(a, new Set([KEY, 'sother', 'sfree']))).to.deep.equal([
      'sother',
      'sfree',
    ]);
  });

  it('makes an orphan of what a node has never heard to be its own', () => {
    world.claim(a);
    expect(world.claims.reattached(a, new Set())).to.deep.equal([]);
    world.claim(c, true);
    world.commit();
    expect(world.take()).to.include(`orphan ${KEY}`).and.include(`c has not ${KEY}`);
    expect(world.disk.get(KEY)).to.equal(NO_NODE);
    expect(world.claims.ownerOf(KEY)).to.equal(undefined);
  });

  it('a part of a session: goes to the next one when the death of its owner is durable, and leaves no orphan', () => {
    own(a, 'pclient');
    own(a, 'pother');
    world.claim(b, false, 'pclient');
    expect(world.take()).to.deep.equal(['revoke pclient of a']);
    world.die(a);
    expect(world.take()).to.deep.equal([]);
    world.commit();
    world.commit();
    expect(world.take()).to.deep.equal(['b has pclient']);
    expect([...world.disk]).to.deep.equal([['pclient', b.number]]);
  });
});
