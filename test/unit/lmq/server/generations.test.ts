import { expect } from 'chai';
import { ErrorCode, type StoreError } from '../../../../src/common/errors.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { EmbeddedWorld } from '../embedded/embedded-world.ts';
import { RemoteWorld } from '../remote/remote-world.ts';
import type { FakeNode } from './fake-node.ts';
import { LEASE_MS, ServerWorld } from './server-world.ts';

describe('generations of the table of stores at a store server', () => {
  let world: ServerWorld;

  beforeEach(async () => {
    world = new ServerWorld(createMemoryStore());
    await world.core.start();
  });

  afterEach(async () => {
    await world.core.stop();
    await world.store.stop();
  });

  function generationOf(id: string): number | undefined {
    return world.core.parts.nodes.get(id)?.generation;
  }

  function leastToldTo({ frames }: FakeNode): readonly number[] {
    return frames.flatMap(({ leastGeneration }) => leastGeneration ?? []);
  }

  it('are told with hellos and frames; who tells none follows none', async () => {
    const node = world.node('a');
    await node.attach({ generation: 2 });
    await world.node('old').attach();
    expect([generationOf('a'), generationOf('old')]).to.deep.equal([2, 0]);
    node.beat();
    expect(generationOf('a')).to.equal(2);
    node.send({ generation: 3 });
    expect(generationOf('a')).to.equal(3);
  });

  it('by which messages come at least are told behind the welcome, and when they change', async () => {
    const [one, other] = [world.node('one'), world.node('other')];
    await one.attach({ generation: 3, activeGeneration: 3 });
    await other.attach({ generation: 3, activeGeneration: 2 });
    await world.quiet();
    expect(leastToldTo(one)).to.deep.equal([3, 2]);
    expect(leastToldTo(other)).to.deep.equal([2]);
    other.cut();
    await world.quiet();
    expect(leastToldTo(one), 'it may come back').to.deep.equal([3, 2]);
    await other.attach({ generation: 3, activeGeneration: 2, resumes: true });
    other.send({ activeGeneration: 3 });
    await world.quiet();
    expect(leastToldTo(one)).to.deep.equal([3, 2, 3]);
    expect(leastToldTo(other)).to.deep.equal([2, 3]);
    await world.node('old').attach();
    await world.quiet();
    expect(leastToldTo(one)).to.deep.equal([3, 2, 3, 0]);
    world.pass(2 * LEASE_MS, one, other);
    await world.quiet();
    expect(leastToldTo(one), 'it is dead').to.deep.equal([3, 2, 3, 0, 3]);
  });

  it('that are required keep older nodes out, and those stay that are attached', async () => {
    const [attached, away] = [world.node('attached'), world.node('away')];
    await attached.attach({ generation: 1 });
    await away.attach({ generation: 1 });
    away.cut();
    await world.core.parts.generation.require(2);
    attached.beat();
    expect([attached.link.isEnded, attached.fenced]).to.deep.equal([false, undefined]);
    for (const [node, hello] of [
      [world.node('new'), { generation: 1 }],
      [world.node('none'), {}],
      [away, { generation: 1, resumes: true }],
    ] as const) {
      node.hello(hello);
      await eventually('an answer', () => node.link.isEnded);
      expect(node.link.failure?.status).to.equal(RpcStatus.FAILED_PRECONDITION);
      expect(node.link.failure?.message).to.include('requires generation 2');
      expect(node.fenced).to.equal(undefined);
    }
    expect(world.core.stats.nodes).to.equal(2);
    // Refused, it is not fenced: it has its lease to come back with the newer one.
    await away.attach({ generation: 2, resumes: true });
    await world.node('new').attach({ generation: 3 });
  });

  it('do not keep a dead node from hearing that it is fenced', async () => {
    const node = world.node('a');
    await node.attach({ generation: 1 });
    await world.core.parts.generation.require(2);
    node.cut();
    world.pass(LEASE_MS * 2);
    node.hello({ generation: 1, resumes: true });
    await eventually('the fence', () => node.fenced !== undefined);
  });

  it('that are required never become less', async () => {
    const { generation } = world.core.parts;
    await generation.require(3);
    await generation.require(1);
    expect(generation.current).to.equal(3);
  });
});

describe('the generation that a store requires', () => {
  it('is required after a restart of the store too, and is told to who starts without it', async () => {
    const embedded = new EmbeddedWorld();
    const world = new RemoteWorld(() => embedded.clock.now());
    try {
      await world.serve(await embedded.start());
      expect(await world.admin().requireGeneration(2)).to.equal(2);
      await world.server.stop();
      await world.serve(await embedded.reopen());
      expect(await world.admin().getNodes()).to.include({ requiredGeneration: 2 });
      const error = await rejection(world.attach({ generation: () => 1 }));
      expect((error as StoreError).code).to.equal(ErrorCode.STORE_UNAVAILABLE);
      expect((error as StoreError).message).to.include('the store requires generation 2');
      await world.attach({ generation: () => 2 });
    } finally {
      await world.dispose();
      await embedded.dispose();
    }
  });
});
