import { parseSample } from '../../../benchmark/result.ts';
import type { Outcome } from '../../../benchmark/result.ts';

/** A broker's outcome of one run in which the load generator printed these fields. */
export function outcome(scenario: string, peer: string, fields: object): Outcome {
  const median = parseSample(JSON.stringify({ mode: 'load', ...fields }));
  return { scenario, peer, median, samples: [median], failures: [], skipped: undefined };
}
