import { expect } from 'chai';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { EMPTY_HELLO, type FakeLink } from './fake-node.ts';
import { LEASE_MS, ServerWorld } from './server-world.ts';
import { filterUse } from './filter-use.ts';

describe('nodes of a store server', () => {
  let world: ServerWorld;

  beforeEach(async () => {
    world = new ServerWorld(createMemoryStore(), { maxNodes: 2 });
    await world.core.start();
  });

  afterEach(async () => {
    await world.core.stop();
    await world.store.stop();
  });

  it('are welcomed, each with an origin of its own', async () => {
    const a = await world.node('a').attach();
    const b = await world.node('b').attach();
    expect(a).to.include({ version: 1, lastSequence: 0, leaseMs: LEASE_MS });
    expect(a.storeId).to.equal(b.storeId).and.not.equal('');
    expect(a.origin).to.be.greaterThan(0).and.not.equal(b.origin);
    expect(world.core.stats).to.include({ nodes: 2, attachedNodes: 2 });
  });

  it('may ask for a shorter lease, not for a longer or a very short one', async () => {
    expect(await world.node('a').attach({ leaseMs: LEASE_MS / 2 })).to.include({
      leaseMs: LEASE_MS / 2,
    });
    const node = world.node('b');
    expect(await node.attach({ leaseMs: 1 })).to.include({ leaseMs: LEASE_MS / 5 });
    node.cut();
    expect(await node.attach({ leaseMs: LEASE_MS * 9, resumes: true })).to.include({
      leaseMs: LEASE_MS,
    });
  });

  it('are refused when they speak another version, when there are too many, and without a hello', async () => {
    const node = world.node('old');
    node.hello({ minVersion: 2, maxVersion: 3 });
    await eventually('an answer', () => node.link.isEnded);
    expect(node.link.failure?.status).to.equal(RpcStatus.FAILED_PRECONDITION);
    expect(node.link.failure?.message).to.include('2 to 3');
    await world.node('a').attach();
    await world.node('b').attach();
    const third = world.node('c');
    third.hello();
    await eventually('an answer', () => third.link.isEnded);
    expect(third.link.failure?.status).to.equal(RpcStatus.RESOURCE_EXHAUSTED);
    const fourth = world.node('a');
    fourth.hello({ nodeId: '' });
    expect(fourth.link.failure?.status).to.equal(RpcStatus.INVALID_ARGUMENT);
    expect(world.core.stats).to.include({ nodes: 2, attachedNodes: 2, protocolErrors: 1 });
  });

  it('say hello in several frames when it is long', async () => {
    const node = world.node('a');
    node.hello({ queues: [{ name: 'tx', uses: 1 }], more: true });
    node.send({ hello: { ...EMPTY_HELLO, queues: [{ name: 'ty', uses: 1 }] } });
    await eventually('a welcome', () => node.frames.length > 0);
    expect(node.frames[0]?.welcome?.queues.map(({ name }) => name)).to.deep.equal(['tx', 'ty']);
  });

  it('die of silence, and are fenced', async () => {
    const [a, b] = [world.node('a'), world.node('b')];
    await a.attach();
    await b.attach();
    world.pass(LEASE_MS + 100, b);
    expect(a.fenced).to.include('silent');
    expect(a.link.isEnded).to.equal(true);
    expect(b.fenced).to.equal(undefined);
    a.hello({ resumes: true });
    expect(a.fenced).to.be.a('string');
    expect(world.core.stats).to.include({ nodes: 1, attachedNodes: 1, nodesFenced: 1 });
  });

  it('have their lease to come back when their connection breaks', async () => {
    const node = world.node('a');
    const first = await node.attach({ queues: [{ name: 'tx', uses: 1 }] });
    node.cut();
    world.pass(LEASE_MS - 100);
    const second = await node.attach({ resumes: true, queues: [{ name: 'ty', uses: 1 }] });
    expect(second).to.include({ origin: first.origin, storeEpoch: first.storeEpoch });
    expect(world.core.stats).to.include({ nodes: 1, openQueues: 1 });
  });

  it('have one stream: a new one ends the one before', async () => {
    const node = world.node('a');
    await node.attach();
    const before: FakeLink = node.link;
    await node.attach({ resumes: true });
    expect(before.failure?.status).to.equal(RpcStatus.ABORTED);
    expect(world.core.stats).to.include({ nodes: 1, attachedNodes: 1 });
  });

  it('replace a former life of theirs that is not connected', async () => {
    const before = world.node('life-1');
    await before.attach({ nodeName: 'gw:1883' });
    const early = world.node('life-2');
    await early.attach({ nodeName: 'gw:1883' });
    expect(before.fenced, 'both are connected').to.equal(undefined);
    before.cut();
    early.cut();
    await world.node('life-3').attach({ nodeName: 'gw:1883' });
    before.hello({ resumes: true, nodeName: 'gw:1883' });
    expect(before.fenced).to.be.a('string');
    expect(world.core.stats).to.include({ nodes: 1, nodesFenced: 2 });
  });

  it('leave with a goodbye, after which they are unknown', async () => {
    const node = world.node('a');
    await node.attach();
    expect((await node.request({ goodbye: {} })).done).to.deep.equal({});
    expect(node.link.isEnded).to.equal(true);
    expect(world.core.stats).to.include({ nodes: 0, nodesFenced: 0 });
    node.hello({ resumes: true });
    expect(node.fenced).to.be.a('string');
  });

  it('give back what the store keeps for them when they die', async () => {
    const node = world.node('a');
    await node.attach();
    await node.request({ openQueue: 'tx' });
    await node.settled(node.batch({ writes: [filterUse('a/#', false), filterUse('b/#', true)] }));
    expect(world.store.listFilters().map(({ filter }) => filter)).to.have.members(['a/#', 'b/#']);
    world.pass(LEASE_MS + 100);
    await world.quiet();
    expect(world.store.listFilters().map(({ filter }) => filter)).to.deep.equal(['b/#']);
    expect(world.core.stats).to.include({ openQueues: 0, nodes: 0 });
  });
});
