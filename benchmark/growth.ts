// What a message costs as there is more of everything else: topics, subscriptions, wildcards, retained messages,
// backlog, sessions. See README.md.
import { parseArgs } from 'node:util';
import {
  background,
  load,
  prepare,
  publish,
  startGateway,
  stopGateway,
  withWorkplace,
} from './gateway-run.ts';
import { wholeNumber, wholeNumbers } from './number-option.ts';
import { parseSample } from './result.ts';
import { runScript, selectNamed } from './script.ts';
import type { Child } from './child.ts';
import type { Gateway, Workplace } from './gateway-run.ts';
import type { Sample } from './result.ts';

const USAGE = `node --import=ts-blank-space/register benchmark/growth.ts [options]
  --base N           how much there is of a thing at first (100)
  --factors 1,10,…   by how much it grows (1,10,100,1000)
  --seconds S        seconds of publishing, as many before that are not counted (2)
  --repeat N         runs of each; the one with the least CPU time counts (1)
  --only a,b         things that grow (all)
  --tmp DIR          where the data goes (the system's temporary directory)`;

/** One thing that grows: what is there before the messages flow, and how these are sent. */
interface Dimension {
  readonly name: string;
  /** Runs of the generator that end before the measurement. */
  readonly before?: (count: number) => readonly string[];
  /** A run of the generator that goes on beside it. */
  readonly beside?: (count: number) => string;
  /** Options of the measured run beside the common ones. */
  readonly topics?: (count: number) => string;
  /** Seconds before the measurement that it takes until each thing has been used once. */
  readonly firstUse?: (count: number) => number;
}

const PAIRS = 10;
/** Clients that hold the subscriptions; lmqtt allows 10,000 to each by default. */
const HOLDERS = 50;
/** Topics that are used for the first time in a second, at least: a queue is made for each. */
const FIRST_USES = 10_000;

const holding = (count: number, more: string): string => {
  const clients = Math.min(HOLDERS, count);
  const each = Math.ceil(count / clients);
  return `--connections ${clients} --subscriptions ${each} --sub-qos 1 --hold 86400 --prefix hold${more}`;
};
const publishing = (count: number, more: string): string =>
  `--qos 1 --payload 64 --window 100 --messages ${count} --topic other --prefix other --drain-timeout 600 ${more}`;

const DIMENSIONS: readonly Dimension[] = [
  {
    name: 'topics',
    topics: (count) => ` --topics ${Math.max(1, Math.round(count / PAIRS))}`,
    firstUse: (count) => Math.ceil(count / FIRST_USES),
  },
  { name: 'subscriptions', beside: (count) => holding(count, '') },
  { name: 'wildcards', beside: (count) => holding(count, ' --wild') },
  {
    name: 'retained messages',
    before: (count) => [
      publishing(count, `--mode retained --phase 2 --pattern all --pubs 1 --topics ${count}`),
    ],
  },
  {
    name: 'backlog',
    before: (count) => [
      publishing(count, '--mode drain --run-id 7 --phase 1'),
      publishing(count, '--mode drain --run-id 7 --phase 2'),
    ],
  },
  {
    name: 'offline sessions',
    before: (count) => [
      `--connections ${count} --subscriptions 3 --sub-qos 1 --clean 0 --leave --settle 0 --hold 0.1 --prefix away`,
    ],
  },
];

async function measured(
  place: Workplace,
  gateway: Gateway,
  dimension: Dimension,
  count: number,
  seconds: number,
): Promise<Sample> {
  for (const run of dimension.before?.(count) ?? []) await load(place, gateway, run);
  const beside: Child[] = [];
  if (dimension.beside !== undefined) {
    beside.push(await background(place, gateway, dimension.beside(count)));
  }
  const warmUp = seconds + (dimension.firstUse?.(count) ?? 0);
  const timed = `--duration ${warmUp + seconds} --warmup ${warmUp} --idle-timeout 2 --drain-timeout 15`;
  const pairs = `--qos 1 --payload 64 --window 50 --pubs ${PAIRS} --subs ${PAIRS}`;
  try {
    const options = `${pairs} ${timed}${dimension.topics?.(count) ?? ''}`;
    return parseSample(await load(place, gateway, options));
  } finally {
    for (const child of beside) await child.kill();
  }
}

async function measure(
  place: Workplace,
  dimension: Dimension,
  count: number,
  seconds: number,
): Promise<Sample> {
  const gateway = await startGateway(place);
  try {
    return await measured(place, gateway, dimension, count, seconds);
  } finally {
    await stopGateway(gateway);
  }
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** How much of a thing there was, and what a message cost then. */
interface Point {
  readonly count: number;
  readonly sample: Sample;
}

function row(name: string, { count, sample }: Point, first: Point): string {
  const times = sample.cpuPerMessage / first.sample.cpuPerMessage;
  // The same for each step where the cost grows with the logarithm.
  const steps = Math.log10(count / first.count);
  const perStep = steps > 0 ? `${((100 * (times - 1)) / steps).toFixed(0)} %` : '';
  const wrong = sample.lost + sample.faults + sample.outOfOrder;
  const cells = [whole(count), whole(sample.rate), sample.cpuPerMessage.toFixed(2)];
  const more = [times.toFixed(2), perStep, whole(sample.p99), wrong > 0 ? 'FAULTS' : ''];
  return `| ${[name, ...cells, ...more].join(' | ')} |`;
}

/** The run with the least CPU time: other load only ever adds to it. */
async function leastOf(repeat: number, run: () => Promise<Sample>): Promise<Sample> {
  let least = await run();
  for (let again = 1; again < repeat; again++) {
    const sample = await run();
    if (sample.cpuPerMessage > 0 && sample.cpuPerMessage < least.cpuPerMessage) least = sample;
  }
  return least;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      base: { type: 'string', default: '100' },
      factors: { type: 'string', default: '1,10,100,1000' },
      seconds: { type: 'string', default: '2' },
      repeat: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      tmp: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const base = wholeNumber('--base', values.base, 1);
  const factors = wholeNumbers('--factors', values.factors, 1);
  const seconds = wholeNumber('--seconds', values.seconds, 1);
  const repeat = wholeNumber('--repeat', values.repeat, 1);
  const dimensions = selectNamed(DIMENSIONS, values.only);
  const binary = prepare();
  const rows: string[] = [];
  for (const dimension of dimensions) {
    let first: Point | undefined;
    for (const factor of factors) {
      const count = base * factor;
      const sample = await leastOf(repeat, () =>
        withWorkplace(binary, values.tmp, (place) => measure(place, dimension, count, seconds)),
      );
      first ??= { count, sample };
      rows.push(row(dimension.name, { count, sample }, first));
      process.stderr.write(`${rows.at(-1) ?? ''}\n`);
    }
  }
  publish('growth.md', values.tmp, [
    `Cost of a message, ${PAIRS} → ${PAIRS} pairwise, QoS 1, 64 B, while something else grows`,
    '',
    '| what | how much | messages/s | CPU µs/message | × | more for each ×10 | p99 µs | remarks |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ]);
}

await runScript(main);
