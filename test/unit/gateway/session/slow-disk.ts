import { expect } from 'chai';
import sinon from 'sinon';
import type { PullResult } from '../../../../src/lmq/spi/types.ts';
import type { Session } from '../../../../src/gateway/session/session.ts';
import { connect, publish } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { type FakeClient, World } from '../gateway-world.ts';

/** Cursors of one session that may read from disk at a time. */
export const MAX_READING = 8;

export const HELLO: Buffer = connect({ clientId: 'c', clean: false, keepAlive: 0 });

interface PendingRead {
  readonly topic: string;
  finish(): Promise<void>;
  fail(): Promise<void>;
}

/** A store of which nothing is in memory, and whose reads take as long as the test wants. */
export class SlowDisk {
  readonly pending: PendingRead[] = [];
  /** Topics in the order in which they were read. */
  readonly begun: string[] = [];

  /** @param recordsEach how many records one read brings */
  constructor(world: World, recordsEach = 512) {
    const pull = world.store.pull.bind(world.store);
    sinon.stub(world.store, 'tail').returns(undefined);
    sinon.stub(world.store, 'pull').callsFake((queue, offset, _maxMessages, maxBytes) => {
      const topic = queue.name.slice(1);
      this.begun.push(topic);
      return new Promise<PullResult>((resolve, reject) => {
        const settle = async (end: () => void): Promise<void> => {
          this.pending.splice(this.pending.indexOf(read), 1);
          end();
          await turns(4);
        };
        const read: PendingRead = {
          topic,
          finish: () =>
            settle(() => {
              pull(queue, offset, recordsEach, maxBytes).then(resolve, reject);
            }),
          fail: () =>
            settle(() => {
              reject(new Error('I/O error'));
            }),
        };
        this.pending.push(read);
      });
    });
  }

  /** Finishes the oldest read, again and again, until there is none. */
  async finishAll(): Promise<void> {
    while (this.pending.length > 0) await this.pending[0]!.finish();
  }
}

/** What the client gets until the session reads no more. */
export async function drainWhileReading(
  session: Session,
  disk: SlowDisk,
  client: FakeClient,
): Promise<string[]> {
  const received: string[] = [];
  for (let i = 0; i < 100 && session.reading > 0; i++) {
    await disk.finishAll();
    received.push(...(await client.drain()));
  }
  return received;
}

export function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `t${String(i).padStart(2, '0')}`);
}

/** A world where the session of `c` has one message in each of `count` queues and is away. */
export async function away(count: number, limits = {}, messages = 1): Promise<World> {
  const world = new World({ limits });
  const filters = names(count).map((name) => [name, 1] as const);
  const client = await world.subscribed({ clean: false }, ...filters);
  await client.lose();
  const publisher = await world.connected({ clientId: 'p' });
  let id = 0;
  for (let i = 0; i < messages; i++) {
    for (const topic of names(count)) {
      await publisher.exchange(publish({ topic, qos: 1, id: ++id, payload: topic }));
    }
  }
  return world;
}

export async function back(world: World): Promise<FakeClient> {
  const client = world.open();
  await client.exchange(HELLO);
  return client;
}

export function sessionOf(world: World): Session {
  return world.context.sessions.connected('c')!;
}

export function states(session: Session): string[] {
  return [...session.subscriptions.values()].map(({ cursor }) => cursor!.state);
}

/** Nothing is being read, held or waited for. */
export function expectQuiet(session: Session): void {
  expect(session.reading, 'reading').to.equal(0);
  expect(session.waiting, 'waiting').to.deep.equal([]);
  expect(session.ready, 'ready').to.deep.equal([]);
}
