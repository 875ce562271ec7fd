import { expect } from 'chai';
import { Random } from '../../helpers/random.ts';
import { everyTurn, type TurnExploration, turnsByChance } from './turn-model/explore.ts';
import { ALL_TURN_RULES, type TurnRules } from './turn-model/rules.ts';
import type { TurnBudget, TurnSize } from './turn-model/types.ts';

/** 1,000,000 for the long run: docs/cluster-model.md. */
const SCHEDULES = Number(process.env['LMQTT_MODEL_SCHEDULES'] ?? 40_000);
const IS_LONG = SCHEDULES >= 1_000_000;
const MAX_STEPS = 120;
/** Schedules in which a rule that is not kept must show. */
const MUTANT_SCHEDULES = 400_000;
/** One state in so many is followed until everything has come to rest. */
const SETTLE_EVERY = 10;
const MAX_STATES = 3_000_000;
const SEED = 402;

const NO_FAULTS: TurnBudget = {
  asks: 0,
  leaves: 0,
  saves: 0,
  crashes: 0,
  expiries: 0,
  storeCrashes: 0,
};
const MANY_FAULTS: TurnSize = {
  gateways: 3,
  messages: 5,
  room: 2,
  budget: { asks: 8, leaves: 2, saves: 4, crashes: 2, expiries: 2, storeCrashes: 2 },
};
const FEW: readonly Partial<TurnBudget>[] = [
  { asks: 3 },
  { asks: 2, leaves: 1 },
  { asks: 2, crashes: 1 },
  { asks: 2, expiries: 1 },
  { asks: 2, storeCrashes: 1 },
];
const MORE: readonly Partial<TurnBudget>[] = [
  { asks: 2, saves: 1, crashes: 1 },
  { asks: 3, saves: 1, expiries: 1 },
];

function expectKept({ violation }: TurnExploration): void {
  if (violation !== undefined) expect.fail(`broken by\n${violation.join('\n')}`);
}

describe('model of the turns of a shared group', function () {
  this.timeout(3_600_000);

  it('keeps every promise in every order of events with two gateways and two messages', () => {
    for (const budget of IS_LONG ? [...FEW, ...MORE] : FEW) {
      const size = { gateways: 2, messages: 2, room: 1, budget: { ...NO_FAULTS, ...budget } };
      const found = everyTurn(ALL_TURN_RULES, size, SETTLE_EVERY, MAX_STATES);
      console.log(`      ${JSON.stringify(budget)}: ${found.states} states`);
      expectKept(found);
    }
  });

  it(`keeps every promise in ${SCHEDULES} schedules by chance with three gateways and five messages`, () => {
    const random = Random.fromEnvironment();
    console.log(`      LMQTT_TEST_SEED=${random.seed}`);
    expectKept(turnsByChance(ALL_TURN_RULES, MANY_FAULTS, random, SCHEDULES, MAX_STEPS));
  });

  for (const rule of Object.keys(ALL_TURN_RULES) as (keyof TurnRules)[]) {
    it(`sees what goes wrong without ${rule}`, () => {
      const rules = { ...ALL_TURN_RULES, [rule]: false };
      const random = new Random(SEED);
      const found = turnsByChance(rules, MANY_FAULTS, random, MUTANT_SCHEDULES, MAX_STEPS);
      expect(found.violation).not.to.equal(undefined);
    });
  }
});
