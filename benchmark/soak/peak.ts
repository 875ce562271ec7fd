import { startGateway, stopGateway } from '../gateway-run.ts';
import { MIX, runMix } from './mix.ts';
import type { GatewaySettings, Workplace } from '../gateway-run.ts';

const FIRST_RATE = 20_000;
const FACTOR = 1.25;
const STEP_SECONDS = 6;
/** A rate is reached when each part delivers this much of what was asked. */
const REACHED = 0.97;
/** Above this delay the messages pile up, µs. */
const LONGEST_P99 = 500_000;

/** Whether the gateway keeps up with `rate` published messages/s of the mix; a step that fails is tried twice. */
async function keepsUp(place: Workplace, settings: GatewaySettings, rate: number): Promise<boolean> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const gateway = await startGateway(place, settings);
    try {
      const samples = await runMix(place, gateway, rate, STEP_SECONDS);
      const parts = samples.map((sample, index) => {
        const { name, share, fan } = MIX[index] as (typeof MIX)[number];
        return { name, sample, reached: sample.rate / (rate * share * fan) };
      });
      const text = parts.map(
        ({ name, sample, reached }) =>
          `${name} ${(100 * reached).toFixed(0)} % p99 ${(sample.p99 / 1000).toFixed(1)} ms`,
      );
      process.stderr.write(`${rate.toFixed(0)} messages/s: ${text.join(', ')}\n`);
      if (parts.every(({ sample, reached }) => reached >= REACHED && sample.p99 < LONGEST_P99)) {
        return true;
      }
    } finally {
      await stopGateway(gateway);
    }
  }
  return false;
}

/** The highest rate of the mix, in published messages/s, that the gateway keeps up with; in steps of a quarter. */
export async function findPeak(place: Workplace, settings: GatewaySettings): Promise<number> {
  let rate = FIRST_RATE;
  if (!(await keepsUp(place, settings, rate))) throw new Error(`not even ${rate} messages/s`);
  while (await keepsUp(place, settings, rate * FACTOR)) rate *= FACTOR;
  return rate;
}
