import { expect } from 'chai';
import { Random } from '../../helpers/random.ts';
import { Simulation } from './sim/simulation.ts';

/** 100,000 and more for the long run: docs/cluster-model.md. */
const SCHEDULES = Number(process.env['LMQTT_SIMULATION_SCHEDULES'] ?? 300);
const MAX_STEPS = 400;

describe('store server and remote stores over a simulated network', function () {
  this.timeout(60_000 + SCHEDULES * 1_000);

  it(`keep every promise in ${SCHEDULES} schedules of faults`, async () => {
    const random = Random.fromEnvironment();
    console.log(`      LMQTT_TEST_SEED=${random.seed}`);
    for (let i = 0; i < SCHEDULES; i++) {
      const seed = random.below(2 ** 32);
      const schedule = new Random(seed);
      const simulation = new Simulation(schedule);
      await simulation.run(schedule.below(MAX_STEPS));
      const { violations } = simulation.observer;
      if (violations.length === 0) continue;
      expect.fail(
        `schedule ${i}, seed ${seed}:\n${simulation.trace.join('\n')}\n${violations.join('\n')}`,
      );
    }
  });
});
