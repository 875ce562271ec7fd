import { expect } from 'chai';
import fc from 'fast-check';
import { ReasonCode } from '../../../src/gateway/codec/reason-code.ts';
import { type Drainable, drain, NO_DRAIN } from '../../../src/gateway/drain.ts';
import { FakeClock } from './fake-clock.ts';

interface Closed {
  readonly at: number;
  readonly reasonCode: number;
  readonly serverReference: string | undefined;
}

class FakeConnection implements Drainable {
  readonly session: object | undefined;
  readonly #clock: FakeClock;
  closed: Closed | undefined;

  constructor(clock: FakeClock, isConnected: boolean) {
    this.#clock = clock;
    this.session = isConnected ? {} : undefined;
  }

  close(_reason: string, reasonCode: number, serverReference?: string): void {
    expect(this.closed, 'closed twice').to.equal(undefined);
    this.closed = { at: this.#clock.monotonic(), reasonCode, serverReference };
  }
}

function connectionsOf(clock: FakeClock, count: number, isConnected = true): FakeConnection[] {
  return Array.from({ length: count }, () => new FakeConnection(clock, isConnected));
}

async function run(clock: FakeClock, drained: Promise<void>): Promise<number> {
  const state = { isDone: false };
  const done = drained.then(() => {
    state.isDone = true;
  });
  await Promise.resolve();
  while (!state.isDone) {
    clock.advance(5);
    await new Promise(setImmediate);
  }
  await done;
  return clock.monotonic();
}

describe('drain', () => {
  let clock: FakeClock;
  beforeEach(() => {
    clock = new FakeClock();
  });

  it('closes all at once, as shutting down, when there is nobody else', async () => {
    const connections = connectionsOf(clock, 100);
    await drain(new Set(connections), NO_DRAIN, clock);
    for (const { closed } of connections) {
      expect(closed).to.deep.equal({
        at: 0,
        reasonCode: ReasonCode.SERVER_SHUTTING_DOWN,
        serverReference: undefined,
      });
    }
  });

  for (const isPermanent of [false, true]) {
    it(`names the other server, ${isPermanent ? 'for good' : 'for this time'} (MQTT 5, 4.11)`, async () => {
      const [connection] = connectionsOf(clock, 1) as [FakeConnection];
      const options = { timeMs: 0, serverReference: 'b:1883', isPermanent };
      await drain(new Set([connection]), options, clock);
      expect(connection.closed).to.deep.equal({
        at: 0,
        reasonCode: isPermanent ? ReasonCode.SERVER_MOVED : ReasonCode.USE_ANOTHER_SERVER,
        serverReference: 'b:1883',
      });
    });
  }

  it('spreads them over its time, never many at once, those without a client first', async () => {
    const connected = connectionsOf(clock, 1000);
    const fresh = connectionsOf(clock, 10, false);
    const all = new Set([...connected, ...fresh]);
    const end = await run(clock, drain(all, { ...NO_DRAIN, timeMs: 1000 }, clock));
    expect(end).to.be.within(900, 1050);
    expect(fresh.map(({ closed }) => closed?.at)).to.deep.equal(fresh.map(() => 0));
    const perTime = new Map<number, number>();
    for (const { closed } of connected) {
      perTime.set(closed!.at, (perTime.get(closed!.at) ?? 0) + 1);
    }
    expect(Math.max(...perTime.values())).to.be.at.most(25);
  });

  it('closes every one exactly once and in time, however many, also when some leave by themselves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(50), fc.nat(200), fc.nat(10), async (count, timeMs, leaving) => {
        const time = new FakeClock();
        const connections = connectionsOf(time, count);
        const open = new Set(connections);
        const drained = drain(open, { ...NO_DRAIN, timeMs }, time);
        const left = connections.slice(0, leaving).filter(({ closed }) => closed === undefined);
        for (const connection of left) open.delete(connection);
        const end = await run(time, drained);
        expect(end).to.be.at.most(timeMs + 45);
        for (const connection of connections) {
          expect(connection.closed === undefined).to.equal(left.includes(connection));
        }
      }),
      { numRuns: 50 },
    );
  });
});
