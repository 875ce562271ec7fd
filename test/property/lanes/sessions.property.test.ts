import { expect } from 'chai';
import fc from 'fast-check';
import { StateSpace } from '../../../src/lmq/spi/types.ts';
import { turns } from '../../unit/gateway/fake-socket.ts';
import { LaneWorld } from '../../unit/gateway/lanes/lane-world.ts';
import { Publisher, Subscriber } from './lane-clients.ts';

const LANES = 2;
/** Many more than a run takes to come to its end. */
const MOST_ROUNDS = 10_000;

type Step =
  | { readonly is: 'publish'; readonly lane: number; readonly qos: 1 | 2 }
  | { readonly is: 'read'; readonly count: number }
  | { readonly is: 'answer' | 'save' | 'turn' | 'lose' | 'crash' | 'grow' }
  | { readonly is: 'cut' | 'away' | 'back'; readonly lane: number };

const lane = fc.nat(LANES - 1);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('publish' as const),
      lane,
      qos: fc.constantFrom(1 as const, 2 as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('read' as const), count: fc.nat(4) }) },
  {
    weight: 6,
    arbitrary: fc.record({ is: fc.constantFrom('answer', 'save', 'turn') }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constantFrom('lose', 'crash', 'grow', 'grow') }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constantFrom('cut', 'away', 'back'), lane }) },
);

/** Clients, and a gateway over stores that lose what they have not made durable at different moments. */
class Run {
  readonly #lanes: LaneWorld;
  readonly #publisher = new Publisher('s1');
  readonly #subscriber = new Subscriber('c0', 't/+');
  readonly published: { topic: string; payload: string; qos: 1 | 2 }[] = [];

  constructor(founders: number) {
    this.#lanes = new LaneWorld(LANES, founders, { limits: { maxInflight: 8 } });
  }

  async start(): Promise<void> {
    await this.#subscriber.connect(this.#lanes.world);
    await this.#publisher.connect(this.#lanes.world);
  }

  async do(step: Step): Promise<void> {
    switch (step.is) {
      case 'publish': {
        const topic = `t/${step.lane}`;
        const payload = `${this.published.length}`;
        this.published.push({ topic, payload, qos: step.qos });
        this.#publisher.publish(topic, step.qos, payload);
        return;
      }
      case 'read':
        this.#subscriber.step(step.count);
        return;
      case 'answer':
        this.#publisher.step();
        return;
      case 'save':
        this.#lanes.clock.advance(1000);
        return;
      case 'turn':
        await turns();
        return;
      case 'lose':
        this.#comeBack();
        await this.#subscriber.lose();
        // What a store has lost cannot be waited for.
        await this.#crash();
        return;
      case 'crash':
        await this.#crash();
        return;
      case 'grow':
        await this.#grow();
        return;
      case 'cut':
        this.#lanes.members[step.lane]!.cutOff();
        return;
      case 'away':
        this.#lanes.members[step.lane]!.goAway();
        return;
      case 'back':
        this.#lanes.members[step.lane]!.comeBack();
    }
  }

  async #crash(): Promise<void> {
    const world = this.#lanes.restart();
    await this.#subscriber.connect(world);
    await this.#publisher.connect(world);
  }

  /** One of the two steps in which a store is added; none while one of them cannot answer. */
  async #grow(): Promise<void> {
    const { stores, members } = this.#lanes;
    if (members.some(({ isReachable }) => !isReachable)) return;
    if (stores.canGrow) {
      await stores.prepare();
      await this.#import();
      return;
    }
    if (!stores.isGrowing) return;
    // Publishers stand still until everything is settled.
    await turns();
    stores.activate();
  }

  /** As whoever adds a store does it: it knows the filters of all sessions, those that are away too. */
  async #import(): Promise<void> {
    const added = this.#lanes.members[LANES - 1]!;
    if (added.listFilters().length === 0) await added.acquireFilter('t/+', true);
  }

  #comeBack(): void {
    for (const member of this.#lanes.members) member.comeBack();
  }

  /** Everything is done that can be done. */
  async end(): Promise<Subscriber> {
    await this.#crash();
    for (let quiet = 0, rounds = 0; quiet < 3; rounds++) {
      expect(rounds, 'rounds until all is done').to.be.below(MOST_ROUNDS);
      await turns();
      this.#publisher.step();
      quiet = this.#subscriber.step(Infinity) === 0 && this.#publisher.isDone ? quiet + 1 : 0;
    }
    this.#lanes.clock.advance(1000);
    await turns();
    if (this.#lanes.stores.spread.lanes === 1) return this.#subscriber;
    for (const member of this.#lanes.members) {
      expect(await member.getState(StateSpace.INFLIGHT, 'c0')).to.equal(undefined);
      expect(await member.getState(StateSpace.INFLIGHT, 's1')).to.equal(undefined);
    }
    return this.#subscriber;
  }
}

describe('property: a session in several stores, which crash at different moments', () => {
  it('loses nothing, and gets QoS 2 once and in order [MQTT-4.3.3-1] [MQTT-4.6.0-6]', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps, { maxLength: 60 }),
        fc.constantFrom(1, LANES),
        async (all, founders) => {
          const run = new Run(founders);
          await run.start();
          for (const step of all) await run.do(step);
          const { delivered } = await run.end();
          const topics = new Set(run.published.map(({ topic }) => topic));
          for (const topic of topics) {
            const sent = run.published.filter((one) => one.topic === topic);
            const got = delivered.get(topic) ?? [];
            expect([...new Set(got)], topic).to.deep.equal(sent.map(({ payload }) => payload));
            for (const { payload, qos } of sent) {
              if (qos === 2) expect(got.filter((one) => one === payload)).to.have.length(1);
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
