import { expect } from 'chai';
import { Random } from '../../helpers/random.ts';
import { byChance, everyOrder, type Exploration } from './exploration.ts';
import { LANE_MODEL, newLaneWorld } from './lane-model/lane-model.ts';
import { BEFORE, TODAY, type LaneRules } from './lane-model/rules.ts';
import { expectKept, reach } from './outcome.ts';

/** 1,000,000 for the long run: docs/cluster-model.md. */
const SCHEDULES = Number(process.env['LMQTT_MODEL_SCHEDULES'] ?? 10_000);
const IS_LONG = SCHEDULES >= 1_000_000;
const MAX_STEPS = 80;
const SETTLE_EVERY = 10;
const MAX_STATES = 3_000_000;
const SEED = 551;

const FEW = { connects: 2, deliveries: 1, crashes: 1, silences: 1 };
const BETWEEN = [
  { connects: 3, deliveries: 1, crashes: 1, silences: 1 },
  { connects: 2, deliveries: 2, crashes: 1, silences: 1 },
  { connects: 2, deliveries: 1, crashes: 2, silences: 1 },
  { connects: 2, deliveries: 1, crashes: 1, silences: 2 },
  { connects: 3, deliveries: 2, crashes: 1, silences: 1 },
  { connects: 2, deliveries: 2, crashes: 2, silences: 1 },
];
const MORE = { connects: 3, deliveries: 2, crashes: 2, silences: 2 };
const MANY = { connects: 6, deliveries: 6, crashes: 2, silences: 3 };

function walks(rules: LaneRules, random: Random, count: number): Exploration {
  return byChance(LANE_MODEL, () => newLaneWorld(rules, 3, MANY), random, count, MAX_STEPS);
}

describe('model of a session in several stores', function () {
  this.timeout(3_600_000);

  for (const [name, rules] of Object.entries({ TODAY, BEFORE })) {
    it(`keeps every promise in every order of events with two gateways: ${name}`, () => {
      for (const budget of IS_LONG ? [FEW, ...BETWEEN, MORE] : [FEW]) {
        const world = newLaneWorld(rules, 2, budget);
        const found = everyOrder(LANE_MODEL, world, SETTLE_EVERY, MAX_STATES);
        console.log(`      ${JSON.stringify(budget)}: ${reach(found)}`);
        expectKept(found);
        if (budget !== MORE) expect(found.isComplete).to.equal(true);
      }
    });

    it(`keeps every promise in ${SCHEDULES} schedules by chance with three gateways: ${name}`, () => {
      const random = Random.fromEnvironment();
      console.log(`      LMQTT_TEST_SEED=${random.seed}`);
      expectKept(walks(rules, random, SCHEDULES));
    });
  }

  const GIVEN_UP = {
    TODAY: [
      TODAY,
      ['fencing', 'closesWhenSilent', 'claimsBeside', 'fencesBeside', 'releasesBehind'],
    ],
    BEFORE: [BEFORE, ['fencing', 'closesWhenSilent', 'homeLast', 'landsInTime']],
  } as const;
  for (const [name, [rules, given]] of Object.entries(GIVEN_UP)) {
    for (const rule of given) {
      it(`sees what goes wrong without ${rule}: ${name}`, () => {
        const found = walks({ ...rules, [rule]: false }, new Random(SEED), 100_000);
        expect(found.violation).not.to.equal(undefined);
      });
    }
  }

  it('does without the order of the releases where other stores are claimed too', () => {
    expectKept(walks({ ...TODAY, homeLast: false }, new Random(SEED), SCHEDULES));
  });
});
