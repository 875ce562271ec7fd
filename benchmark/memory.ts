// What lmqtt keeps in memory for each connection, session, subscription, queue and message. See README.md.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  load,
  prepare,
  publish,
  residentBytes,
  startGateway,
  stopGateway,
  withWorkplace,
} from './gateway-run.ts';
import { wholeNumber } from './number-option.ts';
import { runScript, selectNamed } from './script.ts';
import type { Gateway, Workplace } from './gateway-run.ts';

const USAGE = `node --import=ts-blank-space/register benchmark/memory.ts [options]
  --connections N  open connections (10000)
  --workers N      worker processes that share them; only for things that are open (none)
  --count N        sessions, subscriptions, queues and messages (100000)
  --settle S       seconds of rest before memory is read, so that garbage is collected (12)
  --only a,b       things to measure (all)
  --tmp DIR        where the data goes (the system's temporary directory)`;

interface Sizes {
  readonly connections: number;
  readonly workers: number;
  readonly count: number;
  readonly settleMs: number;
}

/** One thing to count: what the generator does, one run after another, and how many things there are then. */
interface Thing {
  readonly name: string;
  readonly title: string;
  readonly runs: (sizes: Sizes) => readonly string[];
  /** Whether the things are there only while the generator runs: then it reads the memory itself. */
  readonly isOpen: boolean;
  readonly count: (sizes: Sizes) => number;
}

/** Clients that hold the subscriptions. */
const HOLDERS = 100;
const PUBLISHERS = 10;

/** Connections of one process of the generator and from one address: fewer than files and ports there are. */
const EACH_SOURCE = 15_000;
/** A process opens at most 20,000 files on the machines that this runs on. */
const EACH_GENERATOR = 19_000;

const idle = (connections: number, settleMs: number, more: string): string => {
  const options = `--connections ${connections} --burst 64 --settle ${settleMs / 1000} --hold 1${more}`;
  if (connections <= EACH_GENERATOR) return options;
  return `${options} --procs ${Math.ceil(connections / EACH_SOURCE)} --per-src ${EACH_SOURCE}`;
};
const leaving = (sessions: number, more: string): string =>
  `--connections ${sessions} --clean 0 --leave --settle 0 --hold 0.1${more}`;
const publishing = (messages: number, more: string): string =>
  `--qos 1 --payload 64 --window 100 --pubs ${PUBLISHERS} --messages ${messages} ${more}`;
const holding = (sizes: Sizes, more: string): string =>
  idle(HOLDERS, sizes.settleMs, ` --sub-qos 1 --subscriptions ${sizes.count / HOLDERS}${more}`);

const THINGS: readonly Thing[] = [
  {
    name: 'connection',
    title: 'idle connection',
    isOpen: true,
    runs: ({ connections, settleMs }) => [idle(connections, settleMs, '')],
    count: ({ connections }) => connections,
  },
  {
    name: 'connection-subscribed',
    title: 'idle connection with one subscription',
    isOpen: true,
    runs: ({ connections, settleMs }) => [idle(connections, settleMs, ' --subscribe')],
    count: ({ connections }) => connections,
  },
  {
    name: 'session',
    title: 'offline session',
    isOpen: false,
    runs: ({ count }) => [leaving(count, '')],
    count: ({ count }) => count,
  },
  {
    name: 'session-subscribed',
    title: 'offline session with three subscriptions',
    isOpen: false,
    runs: ({ count }) => [leaving(count, ' --sub-qos 1 --subscriptions 3')],
    count: ({ count }) => count,
  },
  {
    name: 'subscription',
    title: 'subscription to a topic',
    isOpen: true,
    runs: (sizes) => [holding(sizes, '')],
    count: ({ count }) => count,
  },
  {
    name: 'wildcard',
    title: 'subscription with a wildcard',
    isOpen: true,
    runs: (sizes) => [holding(sizes, ' --wild')],
    count: ({ count }) => count,
  },
  {
    name: 'queue',
    title: 'topic with one message, no subscriber',
    isOpen: false,
    runs: ({ count }) => [publishing(count, `--subs 0 --topics ${count / PUBLISHERS}`)],
    count: ({ count }) => count,
  },
  {
    name: 'retained',
    title: 'retained message of 64 B',
    isOpen: false,
    runs: ({ count }) => [
      publishing(
        count,
        `--mode retained --phase 2 --pattern all --subs 1 --topics ${count / PUBLISHERS} --drain-timeout 600`,
      ),
    ],
    count: ({ count }) => count,
  },
  {
    name: 'queued',
    title: 'message of 64 B queued for an offline session',
    isOpen: false,
    runs: ({ count }) => [
      publishing(count, `--mode drain --run-id 7 --phase 1 --subs ${PUBLISHERS}`),
      publishing(
        count,
        `--mode drain --run-id 7 --phase 2 --subs ${PUBLISHERS} --drain-timeout 600`,
      ),
    ],
    count: ({ count }) => count,
  },
];

/** A little of everything first, so that code and buffers are there before anything is counted. */
const WARM_UP = '--duration 2 --warmup 0 --qos 1 --pubs 10 --subs 10 --prefix warm --topic warm';

/** Resident bytes that one run of the generator saw grow, of all its connections together. */
function grownInside(line: string): number {
  const json = JSON.parse(line) as Record<string, number>;
  return 1024 * ((json['broker_rss_held_kb'] ?? NaN) - (json['broker_rss_before_kb'] ?? NaN));
}

async function grown(
  place: Workplace,
  gateway: Gateway,
  thing: Thing,
  sizes: Sizes,
): Promise<number> {
  const { pid } = gateway.process;
  await load(place, gateway, WARM_UP);
  await sleep(sizes.settleMs);
  const before = residentBytes(pid);
  let inside = 0;
  for (const run of thing.runs(sizes)) {
    const line = await load(place, gateway, run);
    if (thing.isOpen) inside += grownInside(line);
  }
  if (thing.isOpen) return inside;
  await sleep(sizes.settleMs);
  return residentBytes(pid) - before;
}

/** As many workers as asked, however few cores there are. */
function environmentOf({ workers }: Sizes): Record<string, string> {
  if (workers === 1) return {};
  return {
    LMQTT_CONNECT_WORKERS: String(workers),
    LMQTT_CONNECT_WORKERS_BEYOND_CORES: 'true',
  };
}

async function measure(place: Workplace, thing: Thing, sizes: Sizes): Promise<string> {
  const gateway = await startGateway(place, { env: environmentOf(sizes) });
  try {
    const bytes = await grown(place, gateway, thing, sizes);
    const count = thing.count(sizes);
    const each = Math.round(bytes / count).toLocaleString('en-US');
    process.stderr.write(`${thing.name}: ${each}\n`);
    return `| ${thing.title} | ${count.toLocaleString('en-US')} | ${each} | ${(bytes / 2 ** 20).toFixed(0)} MiB |`;
  } finally {
    await stopGateway(gateway);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      connections: { type: 'string', default: '10000' },
      workers: { type: 'string', default: '1' },
      count: { type: 'string', default: '100000' },
      settle: { type: 'string', default: '12' },
      only: { type: 'string', default: '' },
      tmp: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const sizes: Sizes = {
    connections: wholeNumber('--connections', values.connections, 1),
    workers: wholeNumber('--workers', values.workers, 1),
    count: wholeNumber('--count', values.count, HOLDERS),
    settleMs: 1000 * wholeNumber('--settle', values.settle, 0),
  };
  if (sizes.count % HOLDERS !== 0) throw new Error(`--count must be a multiple of ${HOLDERS}`);
  const things = selectNamed(THINGS, values.only);
  if (sizes.workers > 1 && things.some(({ isOpen }) => !isOpen)) {
    throw new Error('--workers: only with --only connection,connection-subscribed,…');
  }
  const binary = prepare();
  const rows: string[] = [];
  for (const thing of things) {
    rows.push(await withWorkplace(binary, values.tmp, (place) => measure(place, thing, sizes)));
  }
  publish('memory.md', values.tmp, [
    'Growth of resident memory, a fresh process for each row',
    '',
    '| what | how many | bytes each | together |',
    '| --- | --- | --- | --- |',
    ...rows,
  ]);
}

await runScript(main);
