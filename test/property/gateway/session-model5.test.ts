import { expect } from 'chai';
import fc from 'fast-check';
import { publish, puback, pubcomp, pubrec, pubrel, type QoS } from '../../helpers/packets.ts';
import { ack5, disconnect5, publish5 } from '../../helpers/packets5.ts';
import type { Properties } from '../../helpers/properties5.ts';
import { connected5, type FakeClient5 } from '../../unit/gateway/fake-client5.ts';
import { World, type FakeClient } from '../../unit/gateway/gateway-world.ts';

/** How an acknowledgement looks: as in 3.1.1, with a reason code, with properties, or a refusal. */
type Form = 'short' | 'code' | 'properties' | 'refusal';
type Step =
  | { readonly kind: 'publish'; readonly version: 4 | 5; readonly qos: QoS; readonly count: number }
  | { readonly kind: 'acknowledge'; readonly which: number; readonly form: Form }
  | { readonly kind: 'connect'; readonly version: 4 | 5; readonly receiveMaximum: number }
  | { readonly kind: 'lose' };

const version = fc.constantFrom<4 | 5>(4, 5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      version,
      qos: fc.constantFrom<QoS>(0, 1, 2),
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('acknowledge' as const),
      which: fc.nat(20),
      form: fc.constantFrom<Form>('short', 'code', 'properties', 'refusal'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('connect' as const),
      version,
      receiveMaximum: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
);

interface Due {
  readonly type: 'publish' | 'pubrel';
  readonly id: number;
  readonly qos: number;
}

const REASONS: Properties = [
  ['reasonString', 'why'],
  ['user', ['a', 'b']],
];

/** One persistent session whose client comes with either version, and keeps to the rules. */
class Subscriber {
  readonly world: World;
  client: FakeClient | FakeClient5 | undefined;
  version: 4 | 5 = 5;
  receiveMaximum = 0;
  due: Due[] = [];
  /** QoS 1 and 2 messages in the order of their first arrival. */
  readonly seen: string[] = [];
  /** QoS 2 identifiers of messages that are not released, and all that are in use. */
  readonly unreleased = new Map<number, string>();
  readonly inUse = new Map<number, string>();
  #resent = new Set<number>();
  #isNew = true;

  constructor(world: World) {
    this.world = world;
  }

  async connect(by: 4 | 5, receiveMaximum: number): Promise<void> {
    this.due = [];
    this.version = by;
    this.receiveMaximum = by === 5 ? receiveMaximum : Infinity;
    this.#resent = new Set(this.inUse.keys());
    if (by === 5) {
      const properties: Properties = [
        ['receiveMaximum', receiveMaximum],
        ['sessionExpiry', 1000],
      ];
      const client = await connected5(this.world, { clientId: 's', clean: false, properties });
      expect(client.connack.sessionPresent).to.equal(!this.#isNew);
      this.client = client;
      if (this.#isNew) await client.subscribe('t', 2, {}, [['subscriptionId', 9]]);
    } else {
      const client = await this.world.connected({ clientId: 's', clean: false });
      expect(client.sessionPresent).to.equal(!this.#isNew);
      this.client = client;
    }
    this.#isNew = false;
    await this.settle();
  }

  async lose(): Promise<void> {
    await this.client?.lose();
    this.client = undefined;
    this.due = [];
  }

  async settle(...packets: readonly Buffer[]): Promise<void> {
    if (this.client === undefined) return;
    for (const packet of await this.client.exchange(...packets)) {
      if (packet.type === 'pubrel') {
        this.due.push({ type: 'pubrel', id: packet.id, qos: 2 });
        this.unreleased.delete(packet.id);
      } else if (packet.type === 'publish') {
        this.#receive(packet);
      } else {
        expect.fail(`unexpected ${packet.type}`);
      }
    }
    const pending = this.due.filter(({ type }) => type === 'publish').length;
    expect(pending, 'receive maximum').to.be.at.most(this.receiveMaximum);
  }

  #receive(packet: {
    readonly id: number;
    readonly qos: number;
    readonly dup: boolean;
    readonly payload: Buffer;
    readonly properties?: Properties;
  }): void {
    const { id, qos, dup } = packet;
    if (qos === 0) return;
    const payload = packet.payload.toString();
    if (packet.properties !== undefined) {
      const user: Properties = payload.startsWith('5') ? [['user', ['n', payload]]] : [];
      expect(packet.properties).to.deep.equal([['subscriptionId', 9], ...user]);
    }
    const known = this.inUse.get(id);
    expect(dup, `DUP of ${payload} [MQTT-3.3.1-1]`).to.equal(known !== undefined);
    if (known !== undefined) {
      expect(this.#resent.delete(id), `${payload} again on one connection`).to.equal(true);
      expect(payload).to.equal(known);
    }
    this.inUse.set(id, payload);
    this.due.push({ type: 'publish', id, qos });
    if (qos === 2 && this.unreleased.has(id)) return;
    if (qos === 2) this.unreleased.set(id, payload);
    if (known === undefined) this.seen.push(payload);
  }

  async acknowledge(which: number, form: Form): Promise<void> {
    if (this.client === undefined || this.due.length === 0) return;
    const [{ type, id, qos }] = this.due.splice(which % this.due.length, 1) as [Due];
    const isRefused = type === 'publish' && form === 'refusal' && this.version === 5;
    if (type === 'pubrel' || qos === 1 || isRefused) this.inUse.delete(id);
    if (isRefused) this.unreleased.delete(id);
    await this.settle(this.#answer(type, id, qos, form));
  }

  #answer(type: Due['type'], id: number, qos: number, form: Form): Buffer {
    const short = type === 'pubrel' ? pubcomp(id) : qos === 1 ? puback(id) : pubrec(id);
    if (this.version === 4 || form === 'short') return short;
    const name = type === 'pubrel' ? 'pubcomp' : qos === 1 ? 'puback' : 'pubrec';
    const failure = type === 'pubrel' ? 0x92 : 0x97;
    const code = form === 'refusal' ? failure : 0;
    return form === 'code' ? ack5(name, id, code) : ack5(name, id, code, REASONS);
  }
}

async function play(steps: readonly Step[]): Promise<void> {
  const world = new World({ limits: { pullBatchSize: 3 } });
  const v4 = await world.connected({ clientId: 'p4' });
  const v5 = await connected5(world, { clientId: 'p5' });
  const live = await connected5(world, { clientId: 'live' });
  await live.subscribe('#', 0);
  const subscriber = new Subscriber(world);
  await subscriber.connect(5, 3);
  const sent: string[] = [];
  let id = 0;
  for (const next of steps) {
    if (next.kind === 'publish') {
      for (let i = 0; i < next.count; i++) {
        const payload = `${String(next.version)} ${String(++id)}`;
        if (next.qos > 0) sent.push(payload);
        const fields = { topic: 't', qos: next.qos, id, payload };
        const properties: Properties = [['user', ['n', payload]]];
        if (next.version === 4) await v4.exchange(publish(fields), pubrel(id));
        else await v5.exchange(publish5({ ...fields, properties }), ack5('pubrel', id));
        const [packet] = await live.publishes();
        expect(packet).to.deep.include({
          qos: 0,
          properties: next.version === 4 ? [] : properties,
        });
      }
      await subscriber.settle();
    } else if (next.kind === 'acknowledge') {
      await subscriber.acknowledge(next.which, next.form);
    } else if (next.kind === 'connect') {
      await subscriber.connect(next.version, next.receiveMaximum);
    } else {
      await subscriber.lose();
    }
  }
  if (subscriber.client === undefined) await subscriber.connect(5, 2);
  for (let round = 0; subscriber.due.length > 0; round++) {
    expect(round, 'delivery comes to an end').to.be.below(1000);
    await subscriber.acknowledge(0, 'code');
  }
  expect(subscriber.seen, 'in order, each once').to.deep.equal(sent);
  expect(subscriber.inUse.size).to.equal(0);
  expect(world.stats.protocolErrors).to.equal(0);
  await subscriber.connect(5, 1);
  await (subscriber.client as FakeClient5).exchange(disconnect5(0, [['sessionExpiry', 0]]));
  for (const client of [v4, v5, live]) await client.lose();
  expect(world.store.stats.openQueues, 'queues left open').to.equal(0);
  expect(world.store.listFilters(), 'filters left').to.deep.equal([]);
}

describe('property: sessions of MQTT 5 keep the promises of QoS 1 and 2', () => {
  it('whatever the receive maximum, the acknowledgements and the versions', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        await play(steps);
      }),
      { numRuns: 400 },
    );
  });
});
