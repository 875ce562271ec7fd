import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { createLinkedStore } from '../../../../src/lmq/remote/create-remote-store.ts';
import type { RemoteStore } from '../../../../src/lmq/remote/remote-store.ts';
import { StoreCore } from '../../../../src/lmq/server/store-core.ts';
import { DEFAULT_STORE_SERVER_LIMITS } from '../../../../src/lmq/server/store-server-options.ts';
import type { NodeFrame } from '../../../../src/rpc/messages/store-v1.ts';
import { connect, type ConnectFields, type Packet, subscribe } from '../../../helpers/packets.ts';
import { Pipe } from '../../lmq/remote/pipe.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';
import { type FakeClient, World } from '../gateway-world.ts';
import { HeldLink } from './held-link.ts';

/** More than the steps that anything here takes between two ways. */
const SETTLED = 40;
const MAX_WAYS = 100;
const SESSION = { clientId: 'c', clean: false, keepAlive: 0 } as const;

/** What a frame asks or writes; beats are neither. */
function asks({ batch, requests }: NodeFrame): boolean {
  return requests.length > 0 || (batch !== null && batch !== undefined);
}

/** A gateway whose frames reach its store only when the test lets them. */
class DistantStore {
  readonly #clock: FakeClock = new FakeClock();
  readonly #store = createMemoryStore({ clock: this.#clock });
  readonly #core = new StoreCore({
    ...DEFAULT_STORE_SERVER_LIMITS,
    store: this.#store,
    host: '',
    port: 0,
    leaseMs: 10_000,
    credentials: {},
    clock: this.#clock,
    logger: silentLogger,
  });
  readonly #nodes: RemoteStore[] = [];

  async start(): Promise<void> {
    await this.#store.start();
    await this.#core.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()));
    await this.#core.stop();
    await this.#store.stop();
  }

  async gateway(): Promise<{ readonly world: World; readonly link: HeldLink }> {
    const link = new HeldLink(new Pipe(() => this.#core).dial);
    const nodeName = `g${String(this.#nodes.length)}`;
    const node = createLinkedStore({ nodeName, clock: this.#clock }, link.dial);
    this.#nodes.push(node);
    await node.start();
    const world = new World({ clock: this.#clock, store: node, cluster: node });
    await world.context.shares.start(world.context.sessions);
    await world.context.retained.start();
    await world.context.wills.start();
    return { world, link };
  }
}

describe('gateway: ways to the store of a CONNECT (ADR 572)', () => {
  let store: DistantStore;

  beforeEach(async () => {
    store = new DistantStore();
    await store.start();
  });
  afterEach(() => store.stop());

  /** A session with so many subscriptions, whose client is away. */
  async function storedSession(subscriptions: number): Promise<void> {
    const { world } = await store.gateway();
    const filters = Array.from({ length: subscriptions }, (_, i) => [`t/${String(i)}`, 1] as const);
    const client = await connected(world);
    if (filters.length > 0) {
      const [suback] = await packetsOf(client, subscribe(1, ...filters));
      expect(suback).to.deep.include({ type: 'suback', codes: filters.map(() => 1) });
    }
    await client.lose();
    await turns(SETTLED);
  }

  async function connected(world: World): Promise<FakeClient> {
    const client = world.open();
    expect((await packetsOf(client, connect(SESSION)))[0]).to.include({ type: 'connack', code: 0 });
    return client;
  }

  /** The answers to a packet, as soon as there is one. */
  async function packetsOf(client: FakeClient, packet: Buffer): Promise<Packet[]> {
    client.socket.feed(packet);
    for (let i = 0; i < MAX_WAYS; i++) {
      await turns(SETTLED);
      const packets = client.take();
      if (packets.length > 0) return packets;
    }
    throw new Error('no answer');
  }

  /** Ways there and back between CONNECT and CONNACK, each with all that could be asked for at once. */
  async function waysOfConnect(
    subscriptions: number,
    fields: Pick<ConnectFields, 'will'> = {},
  ): Promise<number> {
    const { world, link } = await store.gateway();
    link.isHeld = true;
    const client = world.open();
    client.socket.feed(connect({ ...SESSION, ...fields }));
    for (let ways = 0; ways < MAX_WAYS;) {
      await turns(SETTLED);
      const [first] = client.take();
      if (first !== undefined) {
        expect(first).to.include({ type: 'connack', code: 0, sessionPresent: true });
        expect(world.context.sessions.connected('c')?.subscriptions.size).to.equal(subscriptions);
        link.letGo();
        return ways;
      }
      if (link.release().some(asks)) ways++;
    }
    throw new Error('no CONNACK');
  }

  for (const subscriptions of [0, 1, 20, 200]) {
    it(`of a session with ${String(subscriptions)} subscriptions are three`, async () => {
      await storedSession(subscriptions);
      expect(await waysOfConnect(subscriptions)).to.equal(3);
    });
  }

  it('with a will are four', async () => {
    await storedSession(20);
    const will = { topic: 'w', payload: 'gone', qos: 1, retain: false } as const;
    expect(await waysOfConnect(20, { will })).to.equal(4);
  });
});
