import { expect } from 'chai';
import fc from 'fast-check';
import {
  DISCONNECT,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  subscribe,
  type Packet,
  type Publish,
  type QoS,
} from '../../helpers/packets.ts';
import { World, type FakeClient } from '../../unit/gateway/gateway-world.ts';

/** What happens to the subscriber, in any order. */
type Step =
  | { readonly kind: 'publish'; readonly qos: QoS; readonly topic: number; readonly count: number }
  | { readonly kind: 'acknowledge'; readonly which: number; readonly count: number }
  | { readonly kind: 'lose' | 'disconnect' | 'connect' | 'takeover' }
  | { readonly kind: 'repeat' };

const TOPICS = ['a', 'b/x', 'b/y'] as const;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      qos: fc.constantFrom<QoS>(0, 1, 2),
      topic: fc.nat(TOPICS.length - 1),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('acknowledge' as const),
      which: fc.nat(20),
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('lose' as const, 'disconnect' as const, 'takeover' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('connect' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const) }) },
);

interface Due {
  readonly packet: Publish | { readonly type: 'pubrel'; readonly id: number };
}

/** A client that keeps to the rules, and what the protocol promises it. */
class Subscriber {
  readonly world: World;
  readonly clean: boolean;
  client: FakeClient | undefined;
  /** Answers that it owes, in the order of what came. */
  due: Due[] = [];
  /** QoS 1 and 2 messages in the order of their first arrival. */
  readonly seen: string[] = [];
  readonly copies = new Map<string, number>();
  /** QoS 2 identifiers with a message that is not released [MQTT-4.3.3-1]. */
  readonly unreleased = new Map<number, string>();
  /** Identifiers that the server has in use, with their message; undefined once PUBREC is sent. */
  readonly inUse = new Map<number, string>();
  lastNewId = 0;

  constructor(world: World, clean: boolean) {
    this.world = world;
    this.clean = clean;
  }

  async connect(): Promise<void> {
    const resumed = !this.clean && this.seenBefore;
    const former = this.client;
    if (this.clean) this.forget();
    this.due = [];
    const clientId = this.clean ? 'clean' : 'persistent';
    this.client = await this.world.connected({ clientId, clean: this.clean });
    expect(this.client.sessionPresent).to.equal(resumed);
    if (former !== undefined) expect(former.closed).to.equal(true);
    if (!resumed) {
      this.client.putBack(await this.client.exchange(subscribe(1, ['a', 2], ['b/#', 2])));
    }
    this.seenBefore = true;
    this.receive(this.client.take(), new Set(this.inUse.keys()));
  }

  seenBefore = false;

  forget(): void {
    this.seen.length = 0;
    this.copies.clear();
    this.unreleased.clear();
    this.inUse.clear();
    this.lastNewId = 0;
  }

  async lose(politely: boolean): Promise<void> {
    const { client } = this;
    if (client === undefined) return;
    this.client = undefined;
    if (politely) await client.exchange(DISCONNECT);
    else await client.lose();
    this.receive(client.take(), new Set());
    this.due = [];
  }

  /** @param resent identifiers that may come again with DUP, because the connection is new */
  receive(packets: readonly Packet[], resent: Set<number>): void {
    for (const packet of packets) {
      if (packet.type === 'pubrel') {
        this.due.push({ packet: { type: 'pubrel', id: packet.id } });
        this.unreleased.delete(packet.id);
      } else if (packet.type === 'publish' && packet.qos > 0) {
        this.#publish(packet, resent);
        this.due.push({ packet });
      }
    }
  }

  #publish(packet: Publish, resent: Set<number>): void {
    const payload = packet.payload.toString();
    const known = this.inUse.get(packet.id);
    if (known !== undefined) {
      expect(packet.dup, `DUP of ${payload} sent again [MQTT-3.3.1-1]`).to.equal(true);
      expect(resent.delete(packet.id), `${payload} again on one connection`).to.equal(true);
      expect(payload, 'an identifier in flight is not used again [MQTT-2.3.1-4]').to.equal(known);
    } else {
      expect(packet.dup, `DUP of ${payload}, which is new`).to.equal(false);
      expect(packet.id, 'identifiers count up').to.equal((this.lastNewId % 65535) + 1);
      this.lastNewId = packet.id;
      this.inUse.set(packet.id, payload);
    }
    if (packet.qos === 2 && this.unreleased.has(packet.id)) return;
    if (packet.qos === 2) this.unreleased.set(packet.id, payload);
    const copies = this.copies.get(payload) ?? 0;
    this.copies.set(payload, copies + 1);
    if (copies === 0) this.seen.push(payload);
    if (packet.qos === 2) expect(copies, `${payload} exactly once`).to.equal(0);
  }

  async acknowledge(which: number, count: number): Promise<void> {
    if (this.client === undefined) return;
    const answers: Buffer[] = [];
    for (let i = 0; i < count && this.due.length > 0; i++) {
      const [{ packet }] = this.due.splice(which % this.due.length, 1) as [Due];
      if (packet.type === 'pubrel') {
        answers.push(pubcomp(packet.id));
        this.inUse.delete(packet.id);
      } else if (packet.qos === 1) {
        answers.push(puback(packet.id));
        this.inUse.delete(packet.id);
      } else {
        answers.push(pubrec(packet.id));
      }
    }
    this.receive(await this.client.exchange(...answers), new Set());
  }

  async settle(): Promise<void> {
    if (this.client === undefined) return;
    this.receive(await this.client.exchange(), new Set());
  }
}

/** Publishes on one connection; repeats its last QoS 2 message, as a client without a PUBREC would. */
class Publisher {
  readonly client: FakeClient;
  readonly sent: { readonly payload: string; readonly topic: string; readonly qos: QoS }[] = [];
  #id = 0;
  #last: Buffer | undefined;

  constructor(client: FakeClient) {
    this.client = client;
  }

  async publish(qos: QoS, topic: string, count: number): Promise<void> {
    const packets: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const payload = `${topic} ${String(this.sent.length)} q${String(qos)}`;
      this.sent.push({ payload, topic, qos });
      const fields = { topic, payload, qos, id: ++this.#id };
      packets.push(publish(fields));
      if (qos === 2) this.#last = publish({ ...fields, dup: true });
    }
    await this.#exchange(packets);
  }

  async repeat(): Promise<void> {
    if (this.#last !== undefined) await this.#exchange([this.#last]);
    if (this.#id > 0) await this.client.exchange(pubrel(this.#id));
    this.#last = undefined;
  }

  async #exchange(packets: readonly Buffer[]): Promise<void> {
    const expected = packets.filter((packet) => (packet[0]! & 0x06) !== 0).length;
    const answers = await this.client.exchange(...packets);
    expect(answers).to.have.length(expected);
  }
}

function checkOrder(seen: readonly string[], sent: Publisher['sent'], maxInflight: number): void {
  for (const topic of TOPICS) {
    // At most one subscription matches each topic, so one cursor delivers it.
    const expected = sent.filter((message) => message.topic === topic && message.qos > 0);
    const got = seen.filter((payload) => payload.startsWith(`${topic} `));
    expect(got, `order of ${topic}, window ${String(maxInflight)}`).to.deep.equal(
      expected.map(({ payload }) => payload),
    );
  }
}

async function play(steps: readonly Step[], clean: boolean, maxInflight: number): Promise<void> {
  const world = new World({ limits: { maxInflight, pullBatchSize: 3 } });
  const publisher = new Publisher(await world.connected({ clientId: 'publisher' }));
  const subscriber = new Subscriber(world, clean);
  await subscriber.connect();
  /** Messages that count for a clean session: those since it began. */
  let since = 0;
  for (const next of steps) {
    switch (next.kind) {
      case 'publish':
        if (clean && subscriber.client === undefined) break;
        await publisher.publish(next.qos, TOPICS[next.topic]!, next.count);
        await subscriber.settle();
        break;
      case 'acknowledge':
        await subscriber.acknowledge(next.which, next.count);
        break;
      case 'lose':
      case 'disconnect':
        await subscriber.lose(next.kind === 'disconnect');
        break;
      case 'connect':
        if (subscriber.client !== undefined) break;
        await subscriber.connect();
        if (clean) since = publisher.sent.length;
        break;
      case 'takeover':
        await subscriber.connect();
        if (clean) since = publisher.sent.length;
        break;
      case 'repeat':
        await publisher.repeat();
        await subscriber.settle();
        break;
    }
  }
  if (subscriber.client === undefined) {
    await subscriber.connect();
    if (clean) since = publisher.sent.length;
  }
  for (let round = 0; subscriber.due.length > 0; round++) {
    expect(round, 'delivery comes to an end').to.be.below(1000);
    await subscriber.acknowledge(0, 3);
    await subscriber.settle();
  }
  checkOrder(subscriber.seen, publisher.sent.slice(since), maxInflight);
  expect(subscriber.inUse.size).to.equal(0);
  expect(world.stats.protocolErrors).to.equal(0);
  await subscriber.lose(true);
  await publisher.client.lose();
  expect(world.store.stats.openQueues, 'queues left open').to.equal(0);
  expect(world.context.sessions.size).to.equal(0);
}

describe('property: sessions keep the promises of QoS 1 and 2', () => {
  for (const clean of [false, true]) {
    it(`for a ${clean ? 'clean' : 'persistent'} session`, async function () {
      this.timeout(60_000);
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 25 }),
          fc.constantFrom(1, 2, 5, 100),
          async (steps, maxInflight) => {
            await play(steps, clean, maxInflight);
          },
        ),
        { numRuns: 600 },
      );
    });
  }
});
