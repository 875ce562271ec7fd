import { expect } from 'chai';
import { Random } from '../../helpers/random.ts';
import { newWorld, type Size } from './model/actions.ts';
import { byChance, everyOrder, type Exploration } from './exploration.ts';
import { CLUSTER_MODEL, readyWorld } from './model/cluster-model.ts';
import { expectKept, reach } from './outcome.ts';
import { ALL_RULES, type Rules } from './model/rules.ts';
import { NO_BUDGET } from './model/settle.ts';
import type { World } from './model/types.ts';

/** 1,000,000 for the long run: docs/cluster-model.md. */
const SCHEDULES = Number(process.env['LMQTT_MODEL_SCHEDULES'] ?? 40_000);
const IS_LONG = SCHEDULES >= 1_000_000;
const MAX_STEPS = 150;
/** Schedules in which a rule that is not kept must show. */
const MUTANT_SCHEDULES = 400_000;
/** One state in so many is followed until everything has come to rest. */
const SETTLE_EVERY = 10;
const MAX_STATES = 3_000_000;
const SEED = 401;

const MANY_FAULTS: Size = {
  nodes: 3,
  keys: 2,
  budget: {
    connects: 4,
    writes: 2,
    goodbyes: 1,
    drops: 1,
    nodeCrashes: 2,
    storeCrashes: 2,
    cuts: 2,
    expiries: 2,
    failures: 1,
  },
};

const ONE_FAULT: readonly Partial<Size['budget']>[] = [
  { connects: 2 },
  { connects: 2, drops: 1, goodbyes: 1 },
  { connects: 1, nodeCrashes: 1 },
  { connects: 1, storeCrashes: 1 },
  { connects: 1, cuts: 1 },
  { connects: 1, expiries: 1 },
  { connects: 1, failures: 1 },
];
const TWO_FAULTS: readonly Partial<Size['budget']>[] = [
  { connects: 2, nodeCrashes: 1 },
  { connects: 2, storeCrashes: 1 },
  { connects: 2, cuts: 1 },
  { connects: 2, expiries: 1 },
  { connects: 1, cuts: 1, expiries: 1 },
  { connects: 1, cuts: 1, storeCrashes: 1 },
];

/** Half of the schedules begin before the nodes are attached. */
function walks(rules: Rules, random: Random, count: number): Exploration {
  const begin = (): World =>
    random.chance(0.5) ? readyWorld(rules, MANY_FAULTS) : newWorld(rules, MANY_FAULTS);
  return byChance(CLUSTER_MODEL, begin, random, count, MAX_STEPS);
}

describe('model of the cluster protocol', function () {
  this.timeout(3_600_000);

  it('keeps every promise in every order of events with two nodes and one session', () => {
    for (const budget of IS_LONG ? [...ONE_FAULT, ...TWO_FAULTS] : ONE_FAULT) {
      const size = { nodes: 2, keys: 1, budget: { ...NO_BUDGET, ...budget } };
      const found = everyOrder(
        CLUSTER_MODEL,
        readyWorld(ALL_RULES, size),
        SETTLE_EVERY,
        MAX_STATES,
      );
      console.log(`      ${JSON.stringify(budget)}: ${reach(found)}`);
      expectKept(found);
      if (!IS_LONG) expect(found.isComplete).to.equal(true);
    }
  });

  it(`keeps every promise in ${SCHEDULES} schedules by chance with three nodes and two sessions`, () => {
    const random = Random.fromEnvironment();
    console.log(`      LMQTT_TEST_SEED=${random.seed}`);
    const found = walks(ALL_RULES, random, SCHEDULES);
    console.log(`      ${found.schedules} schedules`);
    expectKept(found);
  });

  for (const rule of Object.keys(ALL_RULES) as (keyof Rules)[]) {
    it(`sees what goes wrong without ${rule}`, () => {
      const rules = { ...ALL_RULES, [rule]: false };
      const found = walks(rules, new Random(SEED), MUTANT_SCHEDULES);
      expect(found.violation).not.to.equal(undefined);
    });
  }
});
