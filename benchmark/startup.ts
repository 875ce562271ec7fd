// How long lmqtt takes until a client can sign in: on an empty store, and with messages and sessions in it,
// after a stop and after SIGKILL. See README.md.
import { execFileSync } from 'node:child_process';
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
import { runScript } from './script.ts';
import type { Gateway, Workplace } from './gateway-run.ts';

const USAGE = `node --import=ts-blank-space/register benchmark/startup.ts [options]
  --messages N   QoS 1 messages in the store, over 1,000 topics (100000)
  --payload B    bytes of each (256)
  --sessions N   offline sessions with three subscriptions each (10000)
  --tmp DIR      where the data goes (the system's temporary directory)`;

interface Sizes {
  readonly messages: number;
  readonly payload: number;
  readonly sessions: number;
}

const PUBLISHERS = 10;
const TOPICS_EACH = 100;

function directorySize(dir: string): string {
  const [size = ''] = execFileSync('du', ['-sh', dir], { encoding: 'utf8' }).split('\t');
  return size;
}

async function fill(place: Workplace, gateway: Gateway, sizes: Sizes): Promise<void> {
  const { messages, payload, sessions } = sizes;
  const publishing = `--qos 1 --window 1000 --payload ${payload} --messages ${messages}`;
  const publishers = `--pubs ${PUBLISHERS} --subs 0 --topics ${TOPICS_EACH}`;
  if (messages > 0) {
    await load(place, gateway, `${publishing} ${publishers} --drain-timeout 600`);
  }
  if (sessions > 0) {
    const leaving = '--subscriptions 3 --sub-qos 1 --clean 0 --leave';
    await load(place, gateway, `--connections ${sessions} ${leaving} --settle 0 --hold 0.1`);
  }
}

function row(what: string, gateway: Gateway, size: string): string {
  const memory = `${(residentBytes(gateway.process.pid) / 2 ** 20).toFixed(0)} MiB`;
  return `| ${what} | ${(gateway.readyMs / 1000).toFixed(2)} s | ${memory} | ${size} |`;
}

async function measure(place: Workplace, sizes: Sizes): Promise<string[]> {
  const rows: string[] = [];
  const first = await startGateway(place);
  rows.push(row('empty store', first, directorySize(place.dir)));
  await fill(place, first, sizes);
  await stopGateway(first);
  const second = await startGateway(place);
  rows.push(row('filled, after a stop', second, directorySize(place.dir)));
  // What it has not yet written to its files must come back from the log.
  await fill(place, second, { ...sizes, messages: Math.ceil(sizes.messages / 10), sessions: 0 });
  await second.process.kill();
  const third = await startGateway(place);
  rows.push(row('filled, after SIGKILL', third, directorySize(place.dir)));
  await stopGateway(third);
  return rows;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '100000' },
      payload: { type: 'string', default: '256' },
      sessions: { type: 'string', default: '10000' },
      tmp: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const sizes: Sizes = {
    messages: wholeNumber('--messages', values.messages, 0),
    payload: wholeNumber('--payload', values.payload, 16),
    sessions: wholeNumber('--sessions', values.sessions, 0),
  };
  const { messages, payload, sessions } = sizes;
  const rows = await withWorkplace(prepare(), values.tmp, (place) => measure(place, sizes));
  publish('startup.md', values.tmp, [
    `Start-up with ${messages} messages of ${payload} B and ${sessions} offline sessions`,
    '',
    '| store | ready after | resident memory | on disk |',
    '| --- | --- | --- | --- |',
    ...rows,
  ]);
}

await runScript(main);
