import { expect } from 'chai';
import { Random } from '../../helpers/random.ts';
import { byChance, everyOrder, type Exploration } from './exploration.ts';
import { expectKept, reach } from './outcome.ts';
import { newTurnWorld } from './turn-model/actions.ts';
import { ALL_TURN_RULES, type TurnRules } from './turn-model/rules.ts';
import { TURN_MODEL } from './turn-model/turn-model.ts';
import type { TurnBudget, TurnSize } from './turn-model/types.ts';

/** 1,000,000 for the long run: docs/cluster-model.md. */
const SCHEDULES = Number(process.env['LMQTT_MODEL_SCHEDULES'] ?? 40_000);
const IS_LONG = SCHEDULES >= 1_000_000;
const MAX_STEPS = 120;
/** Schedules in which a rule that is not kept must show. */
const MUTANT_SCHEDULES = 400_000;
/** One state in so many is followed until everything has come to rest. */
const SETTLE_EVERY = 10;
const MAX_STATES = 1_000_000;
const SEED = 402;

const NO_FAULTS: TurnBudget = {
  asks: 0,
  leaves: 0,
  saves: 0,
  crashes: 0,
  silences: 0,
  storeCrashes: 0,
};
const MANY_FAULTS: TurnSize = {
  gateways: 3,
  messages: 5,
  room: 2,
  budget: { asks: 8, leaves: 2, saves: 4, crashes: 2, silences: 2, storeCrashes: 2 },
};
const FEW: readonly Partial<TurnBudget>[] = [
  { asks: 3 },
  { asks: 2, leaves: 1 },
  { asks: 2, crashes: 1 },
  { asks: 2, silences: 1 },
  { asks: 2, storeCrashes: 1 },
];
/** Two faults. */
const MORE: readonly Partial<TurnBudget>[] = [
  { asks: 2, saves: 1, crashes: 1 },
  { asks: 2, silences: 2 },
  { asks: 2, silences: 1, storeCrashes: 1 },
  { asks: 2, crashes: 1, silences: 1 },
  { asks: 2, crashes: 1, storeCrashes: 1 },
  { asks: 2, crashes: 2 },
];

function walks(rules: TurnRules, random: Random, count: number): Exploration {
  return byChance(TURN_MODEL, () => newTurnWorld(rules, MANY_FAULTS), random, count, MAX_STEPS);
}

describe('model of the turns of a shared group', function () {
  this.timeout(3_600_000);

  it('keeps every promise in every order of events with two gateways and two messages', () => {
    for (const budget of IS_LONG ? [...FEW, ...MORE] : FEW) {
      const size = { gateways: 2, messages: 2, room: 1, budget: { ...NO_FAULTS, ...budget } };
      const found = everyOrder(
        TURN_MODEL,
        newTurnWorld(ALL_TURN_RULES, size),
        SETTLE_EVERY,
        MAX_STATES,
      );
      console.log(`      ${JSON.stringify(budget)}: ${reach(found)}`);
      expectKept(found);
      if (!IS_LONG) expect(found.isComplete).to.equal(true);
    }
  });

  it(`keeps every promise in ${SCHEDULES} schedules by chance with three gateways and five messages`, () => {
    const random = Random.fromEnvironment();
    console.log(`      LMQTT_TEST_SEED=${random.seed}`);
    expectKept(walks(ALL_TURN_RULES, random, SCHEDULES));
  });

  for (const rule of Object.keys(ALL_TURN_RULES) as (keyof TurnRules)[]) {
    it(`sees what goes wrong without ${rule}`, () => {
      const rules = { ...ALL_TURN_RULES, [rule]: false };
      const random = new Random(SEED);
      const found = walks(rules, random, MUTANT_SCHEDULES);
      expect(found.violation).not.to.equal(undefined);
    });
  }
});
