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
}

const PAIRS = 10;
/** Clients that hold the subscriptions; lmqtt allows 10,000 to each by default. */
const HOLDERS = 50;

const holding = (count: number, more: string): string => {
  const clients = Math.min(HOLDERS, count);
  const each = Math.ceil(count / clients);
  return `--connections ${clients} --subscriptions ${each} --sub-qos 1 --hold 86400 --prefix hold${more}`;
};
const publishing = (count: number, more: string): string =>
  `--qos 1 --payload 64 --window 100 --messages ${count} --topic other --prefix other --drain-timeout 600 ${more}`;

const DIMENSIONS: readonly Dimension[] = [
  { name: 'topics', topics: (count) => ` --topics ${Math.max(1, Math.round(count / PAIRS))}` },
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
  const timed = `--duration ${2 * seconds} --warmup ${seconds} --idle-timeout 2 --drain-timeout 15`;
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

function row(name: string, count: number, sample: Sample, first: Sample): string {
  const times = first.cpuPerMessage > 0 ? sample.cpuPerMessage / first.cpuPerMessage : NaN;
  const wrong = sample.lost + sample.faults + sample.outOfOrder;
  return `| ${name} | ${whole(count)} | ${whole(sample.rate)} | ${sample.cpuPerMessage.toFixed(2)} | ${times.toFixed(2)} | ${whole(sample.p99)} | ${wrong > 0 ? 'FAULTS' : ''} |`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      base: { type: 'string', default: '100' },
      factors: { type: 'string', default: '1,10,100,1000' },
      seconds: { type: 'string', default: '2' },
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
  const dimensions = selectNamed(DIMENSIONS, values.only);
  const binary = prepare();
  const rows: string[] = [];
  for (const dimension of dimensions) {
    let first: Sample | undefined;
    for (const factor of factors) {
      const count = base * factor;
      const sample = await withWorkplace(binary, values.tmp, (place) =>
        measure(place, dimension, count, seconds),
      );
      first ??= sample;
      rows.push(row(dimension.name, count, sample, first));
      process.stderr.write(`${rows.at(-1) ?? ''}\n`);
    }
  }
  publish('growth.md', values.tmp, [
    `Cost of a message, ${PAIRS} → ${PAIRS} pairwise, QoS 1, 64 B, while something else grows`,
    '',
    '| what | how much | messages/s | CPU µs/message | × | p99 µs | remarks |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ]);
}

await runScript(main);
