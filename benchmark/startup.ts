// How long lmqtt takes until a client can sign in, and what it holds in memory then: on an empty store, and with
// messages, sessions, queues and retained messages in it, after a stop and after SIGKILL under load. See README.md.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  background,
  cpuSeconds,
  prepare,
  publish,
  residentBytes,
  startGateway,
  stopGateway,
  storeDirectory,
  withWorkplace,
} from './gateway-run.ts';
import { wholeNumber } from './number-option.ts';
import { resumeSession } from './resume.ts';
import { runScript } from './script.ts';
import { fillStore, sessionName } from './store-fill.ts';
import type { Gateway, Workplace } from './gateway-run.ts';
import type { Fill } from './store-fill.ts';

const USAGE = `node --import=ts-blank-space/register benchmark/startup.ts [options]
  --messages N   messages in the store, over 1,000 topics (100000)
  --payload B    bytes of each (1000)
  --sessions N   offline sessions with three subscriptions each (10000)
  --queues N     further topics with one message of 64 B (0)
  --retained N   retained messages of 64 B (0)
  --settle S     seconds of rest before memory and CPU time are read again (20)
  --load S       seconds of load before SIGKILL (10)
  --tmp DIR      where the data goes (the system's temporary directory)
10 GB of messages, a million sessions and ten million queues (a session has four), about 20 minutes:
  --messages 10000000 --sessions 1000000 --queues 6000000`;

interface Times {
  readonly settleMs: number;
  readonly loadMs: number;
}

/** Sessions that come back, one after another. */
const RESUMED = 200;
const LOAD =
  '--qos 1 --payload 1000 --window 100 --pubs 10 --subs 10 --clean 0 --topics 100 --duration 3600 --warmup 3599 --interval 60';

const size = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

function directorySize(dir: string): string {
  const [text = ''] = execFileSync('du', ['-sh', dir], { encoding: 'utf8' }).split('\t');
  return text;
}

/** Median and longest time until a stored session is there again. */
async function resumeSome({ port }: Gateway, sessions: number): Promise<string> {
  if (sessions === 0) return '';
  const times: number[] = [];
  for (let i = 0; i < Math.min(RESUMED, sessions); i++) {
    const index = Math.floor((i * sessions) / RESUMED);
    times.push(await resumeSession(port, sessionName(index)));
  }
  times.sort((a, b) => a - b);
  const median = times[times.length >> 1] ?? NaN;
  return `${median.toFixed(1)} / ${(times.at(-1) ?? NaN).toFixed(1)} ms`;
}

/** One start: when it is ready, and what it does afterwards, with sessions that come back at once. */
async function observe(
  what: string,
  place: Workplace,
  sessions: number,
  { settleMs }: Times,
): Promise<{ gateway: Gateway; row: string }> {
  const gateway = await startGateway(place);
  const { pid } = gateway.process;
  const atOnce = residentBytes(pid);
  const cpuAtOnce = cpuSeconds(pid);
  const resumed = await resumeSome(gateway, sessions);
  await sleep(settleMs);
  const cells = [
    what,
    `${(gateway.readyMs / 1000).toFixed(2)} s`,
    `${cpuAtOnce.toFixed(2)} s`,
    size(atOnce),
    resumed,
    size(residentBytes(pid)),
    `${(cpuSeconds(pid) - cpuAtOnce).toFixed(1)} s`,
    directorySize(place.dir),
  ];
  const row = `| ${cells.join(' | ')} |`;
  process.stderr.write(`${row}\n`);
  return { gateway, row };
}

async function measure(place: Workplace, fill: Fill, times: Times): Promise<string[]> {
  const empty = await observe('empty', place, 0, { ...times, settleMs: 1000 });
  await stopGateway(empty.gateway);
  mkdirSync(storeDirectory(place), { recursive: true });
  await fillStore(storeDirectory(place), fill);
  const filled = await observe('filled, after a stop', place, fill.sessions, times);
  const load = await background(place, filled.gateway, LOAD);
  await sleep(times.loadMs);
  await filled.gateway.process.kill();
  await load.kill();
  const again = await observe('filled, after SIGKILL', place, fill.sessions, times);
  await stopGateway(again.gateway);
  return [empty.row, filled.row, again.row];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '100000' },
      payload: { type: 'string', default: '1000' },
      sessions: { type: 'string', default: '10000' },
      queues: { type: 'string', default: '0' },
      retained: { type: 'string', default: '0' },
      settle: { type: 'string', default: '20' },
      load: { type: 'string', default: '10' },
      tmp: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const fill: Fill = {
    messages: wholeNumber('--messages', values.messages, 0),
    payload: wholeNumber('--payload', values.payload, 16),
    sessions: wholeNumber('--sessions', values.sessions, 0),
    queues: wholeNumber('--queues', values.queues, 0),
    retained: wholeNumber('--retained', values.retained, 0),
  };
  const times: Times = {
    settleMs: 1000 * wholeNumber('--settle', values.settle, 0),
    loadMs: 1000 * wholeNumber('--load', values.load, 1),
  };
  const { messages, payload, sessions, queues, retained } = fill;
  const rows = await withWorkplace(prepare(), values.tmp, (place) => measure(place, fill, times));
  publish('startup.md', values.tmp, [
    `Start-up with ${messages} messages of ${payload} B, ${sessions} offline sessions with three subscriptions each, ${queues} further queues and ${retained} retained messages`,
    '',
    `| store | ready after | CPU time until then | resident memory | a session comes back, median / longest | resident memory ${values.settle} s later | CPU time meanwhile | on disk |`,
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ]);
}

await runScript(main);
