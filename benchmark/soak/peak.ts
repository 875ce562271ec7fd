import { startGateway, stopGateway } from '../gateway-run.ts';
import { MIX, runMix } from './mix.ts';
import type { GatewaySettings, Workplace } from '../gateway-run.ts';
import type { Sample } from '../result.ts';

/** Does something in a fresh directory. */
export type InWorkplace = <T>(use: (place: Workplace) => Promise<T>) => Promise<T>;

const FIRST_RATE = 40_000;
/** From one rate to the next until one is too high, and how near the highest one that was reached and it come in the end. */
const FACTOR = 2;
const NEAR = 1.1;
const STEP_SECONDS = 6;
/** A rate is reached when each part delivers this much of what was asked. */
const REACHED = 0.97;
/** Above this delay the messages pile up, µs. */
const LONGEST_P99 = 500_000;

async function tryRate(
  place: Workplace,
  settings: GatewaySettings,
  rate: number,
): Promise<readonly Sample[]> {
  const gateway = await startGateway(place, settings);
  try {
    return await runMix(place, gateway, rate, STEP_SECONDS);
  } finally {
    await stopGateway(gateway);
  }
}

/** Whether each part got what was asked, and in time; says so. */
function isReached(rate: number, samples: readonly Sample[]): boolean {
  const parts = MIX.map(({ name, share, fan }, index) => {
    const { rate: delivered = 0, p99 = Infinity } = samples[index] ?? {};
    return { name, reached: delivered / (rate * share * fan), p99 };
  });
  const text = parts.map(
    ({ name, reached, p99 }) =>
      `${name} ${(100 * reached).toFixed(0)} % p99 ${(p99 / 1000).toFixed(1)} ms`,
  );
  process.stderr.write(`${rate.toFixed(0)} messages/s: ${text.join(', ')}\n`);
  return parts.every(({ reached, p99 }) => reached >= REACHED && p99 < LONGEST_P99);
}

/** The highest rate of the mix, in published messages/s, that the gateway keeps up with, within a tenth. */
export async function findPeak(
  inWorkplace: InWorkplace,
  settings: GatewaySettings,
): Promise<number> {
  const keepsUp = async (rate: number): Promise<boolean> => {
    // Something else may have used the machine: one that fails is tried twice.
    for (let attempt = 0; attempt < 2; attempt++) {
      const samples = await inWorkplace((place) => tryRate(place, settings, rate));
      if (isReached(rate, samples)) return true;
    }
    return false;
  };
  let reached = FIRST_RATE;
  if (!(await keepsUp(reached))) throw new Error(`not even ${reached} messages/s`);
  while (await keepsUp(reached * FACTOR)) reached *= FACTOR;
  let tooHigh = reached * FACTOR;
  while (tooHigh > reached * NEAR) {
    const rate = Math.sqrt(reached * tooHigh);
    if (await keepsUp(rate)) reached = rate;
    else tooHigh = rate;
  }
  return reached;
}
