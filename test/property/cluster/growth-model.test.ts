import { expect } from 'chai';
import { Random } from '../../helpers/random.ts';
import { byChance, everyOrder, type Exploration } from './exploration.ts';
import { GROWTH_MODEL, newGrowthWorld } from './growth-model/growth-model.ts';
import { TODAY, WITHOUT_THE_LIMIT, type GrowthRules } from './growth-model/rules.ts';
import type { GrowthBudget, GrowthSize } from './growth-model/types.ts';
import { expectKept, reach } from './outcome.ts';

/** 1,000,000 for the long run: docs/cluster-model.md. */
const SCHEDULES = Number(process.env['LMQTT_MODEL_SCHEDULES'] ?? 10_000);
const IS_LONG = SCHEDULES >= 1_000_000;
const MAX_STEPS = 120;
const SETTLE_EVERY = 10;
const MAX_STATES = IS_LONG ? 3_000_000 : 60_000;
const SEED = 621;

const NO_FAULTS: GrowthBudget = {
  moves: 0,
  leaves: 0,
  crashes: 0,
  storeCrashes: 0,
  staleStarts: 0,
};
const FAULTS: GrowthBudget = { moves: 3, leaves: 2, crashes: 2, storeCrashes: 2, staleStarts: 1 };

const TWO = { gateways: 2, publishers: 1, messages: 2 };
/** Readers of the searches in breadth. */
const FEW: Readonly<Record<string, GrowthSize>> = {
  'a subscription': { ...TWO, members: 1, budget: NO_FAULTS },
  'a subscription, a publisher that moves': {
    ...TWO,
    members: 1,
    budget: { ...NO_FAULTS, moves: 1 },
  },
  'a session that is away': { ...TWO, members: 1, isAway: true, budget: NO_FAULTS },
  'a shared group': { ...TWO, members: 2, budget: NO_FAULTS },
};
/** Those of the long run, besides. */
const MORE: Readonly<Record<string, GrowthSize>> = {
  'a subscription, a crash': { ...TWO, members: 1, budget: { ...NO_FAULTS, crashes: 1 } },
  'a new subscription, a crash, a stale start': {
    ...TWO,
    members: 1,
    isLate: true,
    budget: { ...NO_FAULTS, crashes: 1, staleStarts: 1 },
  },
  'a subscription, two publishers': { ...TWO, publishers: 2, members: 1, budget: NO_FAULTS },
  'a shared group, a member that leaves': {
    ...TWO,
    members: 2,
    budget: { ...NO_FAULTS, leaves: 1 },
  },
  'a shared group, a crash': { ...TWO, members: 2, budget: { ...NO_FAULTS, crashes: 1 } },
};

const THREE = { gateways: 3, publishers: 2, messages: 4, budget: FAULTS };
const READERS: readonly GrowthSize[] = [
  { ...THREE, members: 1 },
  { ...THREE, members: 1, isExact: true },
  { ...THREE, members: 1, isAway: true },
  { ...THREE, members: 1, isLate: true },
  { ...THREE, members: 2 },
  { ...THREE, members: 3 },
];

const SMALL = { ...TWO, members: 1 };
const STALE = { ...SMALL, messages: 1, isLate: true };
/** Rules that few schedules need: every order of events in the smallest world that does. */
const NEEDS: Readonly<Partial<Record<keyof GrowthRules, GrowthSize>>> = {
  requiresGeneration: { ...STALE, budget: { ...NO_FAULTS, crashes: 1, staleStarts: 1 } },
  requiredOnDisk: {
    ...STALE,
    budget: { ...NO_FAULTS, crashes: 1, staleStarts: 1, storeCrashes: 1 },
  },
  waitsForSwitch: { ...SMALL, publishers: 2, budget: NO_FAULTS },
  movesForward: { ...SMALL, budget: { ...NO_FAULTS, moves: 2 } },
  announcesFirst: { ...SMALL, budget: { ...NO_FAULTS, moves: 2 } },
  takesInWhenUpToDate: { ...SMALL, budget: { ...NO_FAULTS, moves: 2 } },
};

function without(rules: GrowthRules, rule: keyof GrowthRules): Exploration {
  const given = { ...rules, [rule]: false };
  const size = NEEDS[rule];
  if (size === undefined) return walks(given, new Random(SEED), 300_000);
  return everyOrder(GROWTH_MODEL, newGrowthWorld(given, size), 3, 300_000);
}

function walks(rules: GrowthRules, random: Random, count: number): Exploration {
  const begin = () => newGrowthWorld(rules, random.pick(READERS));
  return byChance(GROWTH_MODEL, begin, random, count, MAX_STEPS);
}

describe('model of a store that is added', function () {
  this.timeout(3_600_000);

  for (const [title, rules] of Object.entries({ TODAY, WITHOUT_THE_LIMIT })) {
    it(`keeps every promise in every order of events with two gateways: ${title}`, () => {
      const sizes = IS_LONG ? { ...FEW, ...MORE } : FEW;
      for (const [name, size] of Object.entries(sizes)) {
        const found = everyOrder(
          GROWTH_MODEL,
          newGrowthWorld(rules, size),
          SETTLE_EVERY,
          MAX_STATES,
        );
        console.log(`      ${name}: ${reach(found)}`);
        expectKept(found);
      }
    });

    it(`keeps every promise in ${SCHEDULES} schedules by chance with three gateways: ${title}`, () => {
      const random = Random.fromEnvironment();
      console.log(`      LMQTT_TEST_SEED=${random.seed}`);
      expectKept(walks(rules, random, SCHEDULES));
    });
  }

  for (const rule of Object.keys(TODAY) as (keyof GrowthRules)[]) {
    it(`sees what goes wrong without ${rule}`, () => {
      const rules = TODAY[rule] ? TODAY : WITHOUT_THE_LIMIT;
      expect(without(rules, rule).violation).not.to.equal(undefined);
    });
  }
});
