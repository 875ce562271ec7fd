import { expect } from 'chai';
import fc from 'fast-check';
import { puback, publish, subscribe, unsubscribe } from '../../helpers/packets.ts';
import { type FakeClient, World } from '../../unit/gateway/gateway-world.ts';

const GROUP = '$share/g/t';
const CLIENTS = 4;
/** Always a user of the group, connected or not: so the group lives on. */
const KEEPER = 0;

type Step =
  | { readonly kind: 'publish'; readonly count: number }
  | { readonly kind: 'acknowledge'; readonly client: number; readonly count: number }
  | { readonly kind: 'toggle' | 'subscribe' | 'unsubscribe'; readonly client: number };

const client = fc.nat(CLIENTS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('acknowledge' as const),
      client,
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('toggle' as const), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('subscribe' as const), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unsubscribe' as const), client }) },
);

/** Clients that come and go: the even ones with stored sessions, the odd ones without. */
class Crowd {
  readonly #world: World;
  readonly #publisher: FakeClient;
  readonly #online: (FakeClient | undefined)[] = new Array<undefined>(CLIENTS).fill(undefined);
  readonly #unacknowledged: { id: number; payload: string }[][] = [];
  readonly #subscribed = new Set<number>();
  readonly acknowledged: string[] = [];
  #published = 0;

  private constructor(world: World, publisher: FakeClient) {
    this.#world = world;
    this.#publisher = publisher;
  }

  static async create(): Promise<Crowd> {
    const world = new World({ limits: { maxInflight: 3 } });
    await world.context.shares.start(world.context.sessions);
    const crowd = new Crowd(world, await world.connected({ clientId: 'publisher' }));
    await crowd.run({ kind: 'toggle', client: KEEPER });
    await crowd.run({ kind: 'subscribe', client: KEEPER });
    return crowd;
  }

  get published(): string[] {
    return Array.from({ length: this.#published }, (_, i) => String(i));
  }

  async run(next: Step): Promise<void> {
    if (next.kind === 'publish') {
      for (let i = 0; i < next.count; i++) {
        const payload = String(this.#published++);
        await this.#publisher.exchange(publish({ topic: 't', qos: 1, id: 1, payload }));
      }
      return;
    }
    const { kind } = next;
    if (kind === 'toggle') await this.#toggle(next.client);
    const online = this.#online[next.client];
    if (online === undefined) return;
    if (kind === 'acknowledge') await this.#acknowledge(next.client, online, next.count);
    if (kind === 'subscribe') {
      this.#subscribed.add(next.client);
      this.#note(next.client, await online.publishes(subscribe(2, [GROUP, 1])));
    }
    if (kind === 'unsubscribe' && next.client !== KEEPER) {
      this.#subscribed.delete(next.client);
      this.#note(next.client, await online.publishes(unsubscribe(3, GROUP)));
    }
  }

  /** Everybody comes and acknowledges until nothing is left. */
  async finish(): Promise<void> {
    for (let at = 0; at < CLIENTS; at++) if (this.#online[at] === undefined) await this.#toggle(at);
    for (let quiet = 0; quiet < 2; quiet++) {
      for (let at = 0; at < CLIENTS; at++) {
        const before = this.acknowledged.length;
        await this.#acknowledge(at, this.#online[at] as FakeClient, 1_000);
        if (this.acknowledged.length > before) quiet = 0;
      }
    }
  }

  async #toggle(at: number): Promise<void> {
    const online = this.#online[at];
    const isStored = at % 2 === 0;
    if (online === undefined) {
      this.#unacknowledged[at] = [];
      const fields = { clientId: `c${at}`, clean: !isStored };
      this.#online[at] = await this.#world.connected(fields);
      if (!isStored) this.#subscribed.delete(at);
      return;
    }
    this.#online[at] = undefined;
    await online.lose();
  }

  async #acknowledge(at: number, online: FakeClient, count: number): Promise<void> {
    this.#note(at, await online.publishes());
    const waiting = this.#unacknowledged[at] ?? [];
    for (const { id, payload } of waiting.splice(0, count)) {
      this.acknowledged.push(payload);
      this.#note(at, await online.publishes(puback(id)));
    }
  }

  #note(at: number, messages: readonly { id: number; payload: Buffer }[]): void {
    for (const { id, payload } of messages) {
      (this.#unacknowledged[at] ??= []).push({ id, payload: payload.toString() });
    }
  }
}

describe('property: shared groups', () => {
  it('every message is acknowledged exactly once, whoever comes, goes and unsubscribes', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const crowd = await Crowd.create();
        for (const next of steps) await crowd.run(next);
        await crowd.finish();
        const numbers = [...crowd.acknowledged].sort((a, b) => Number(a) - Number(b));
        expect(numbers).to.deep.equal(crowd.published);
      }),
      { numRuns: 500 },
    );
  });
});
