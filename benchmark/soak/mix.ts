import { background, load } from '../gateway-run.ts';
import { parseSample } from '../result.ts';
import type { Child } from '../child.ts';
import type { Gateway, Workplace } from '../gateway-run.ts';
import type { Sample } from '../result.ts';

/** One kind of traffic of the mix, sent by a generator of its own. */
export interface Part {
  readonly name: string;
  /** Its share of all published messages. */
  readonly share: number;
  /** Deliveries of each message. */
  readonly fan: number;
  readonly options: string;
}

/** No keep-alive: the subscribers at QoS 0 send nothing for the whole run. */
const WINDOW = '--window 1000 --payload 64 --keepalive 0 --idle-timeout 5 --drain-timeout 15';

/** Shares of publishes add up to one; with the fan-out there are three deliveries to each of the others. */
export const MIX: readonly Part[] = [
  { name: 'pairs', share: 0.72, fan: 1, options: `--qos 1 --pubs 50 --subs 50 ${WINDOW}` },
  {
    name: 'persistent',
    share: 0.21,
    fan: 1,
    options: `--qos 1 --pubs 20 --subs 20 --clean 0 ${WINDOW}`,
  },
  {
    name: 'retained',
    share: 0.05,
    fan: 1,
    options: `--qos 1 --pubs 10 --subs 10 --topics 1000 --retain ${WINDOW}`,
  },
  {
    name: 'fan-out',
    share: 0.02,
    fan: 100,
    options: `--qos 0 --pubs 1 --subs 100 --pattern one ${WINDOW}`,
  },
];

/** Clients that keep coming back with a persistent session of three subscriptions. */
export const RETURNING = '--connections 200 --subscriptions 3 --sub-qos 1 --clean 0 --leave';

/** Options of a part that publishes its share of `rate` messages/s for `seconds`. */
function optionsOf(part: Part, rate: number, seconds: number, more: string): string {
  const asked = Math.max(1, Math.round(rate * part.share));
  const named = `--prefix ${part.name} --topic ${part.name}`;
  return `${part.options} ${named} --rate ${asked} --duration ${seconds} ${more}`;
}

/** Runs the mix once, to its end; a sample for each part. */
export function runMix(
  place: Workplace,
  gateway: Gateway,
  rate: number,
  seconds: number,
): Promise<readonly Sample[]> {
  const warmUp = `--warmup ${Math.ceil(seconds / 3)}`;
  return Promise.all(
    MIX.map(async (part) =>
      parseSample(await load(place, gateway, optionsOf(part, rate, seconds, warmUp))),
    ),
  );
}

/** A part that runs beside the script. */
export interface RunningPart {
  readonly part: Part;
  readonly process: Child;
  readonly logFile: string;
}

/** Starts the mix; each part reports every `interval` seconds into its log. */
export function startMix(
  place: Workplace,
  gateway: Gateway,
  rate: number,
  seconds: number,
  interval: number,
): Promise<readonly RunningPart[]> {
  return Promise.all(
    MIX.map(async (part) => {
      const logFile = `${place.dir}/${part.name}.log`;
      const options = optionsOf(part, rate, seconds, `--interval ${interval}`);
      const process = await background(place, gateway, options, logFile);
      return { part, process, logFile };
    }),
  );
}
