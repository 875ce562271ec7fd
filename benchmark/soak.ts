// Runs lmqtt for long at a part of what it can do, while retention and compaction are at work: memory, latency and
// stalls over time. See README.md.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { load, prepare, publish, startGateway, stopGateway, withWorkplace } from './gateway-run.ts';
import { messageOf } from '../src/common/errors.ts';
import { fraction, wholeNumber } from './number-option.ts';
import { freePort } from './ready.ts';
import { parseSample } from './result.ts';
import { runScript } from './script.ts';
import { MIX, RETURNING, startMix } from './soak/mix.ts';
import { findPeak } from './soak/peak.ts';
import { startProbe } from './soak/probe.ts';
import { finalLine, lastInterval, NOTHING, readGateway } from './soak/sample.ts';
import { describeStalls, watchStalls } from './soak/stalls.ts';
import { tableOf, verdictOf } from './soak/verdict.ts';
import type { Gateway, GatewaySettings, Workplace } from './gateway-run.ts';
import type { RunningPart } from './soak/mix.ts';
import type { InWorkplace } from './soak/peak.ts';
import type { Probe } from './soak/probe.ts';
import type { GatewayState } from './soak/sample.ts';
import type { Row } from './soak/verdict.ts';

const USAGE = `node --import=ts-blank-space/register benchmark/soak.ts [options]
  --minutes M        length of the run (30)
  --load F           part of the peak that is published (0.5)
  --peak N           published messages/s of the peak; auto looks for it first (auto)
  --interval S       seconds between two samples (10)
  --max-log-bytes B  size of the log above which the oldest messages are removed (1073741824)
  --generator-nice N how far the load generators stand back for lmqtt: 0 to 19, or idle: they get what is left (idle)
  --node-flags F     options of Node.js for lmqtt, separated by spaces
  --tmp DIR          where the data goes (the system's temporary directory)`;

interface Soak {
  readonly minutes: number;
  readonly rate: number;
  readonly interval: number;
}

/** What runs beside the script. */
interface Clients {
  readonly parts: readonly RunningPart[];
  readonly probe: Probe;
}

/** The store's directory below the data directory of a workplace. */
const STORE = 'data/lmq';
/** Clients come back and go again every so many samples. */
const RETURN_EVERY = 2;

function rowOf(
  at: number,
  before: GatewayState,
  state: GatewayState,
  seconds: number,
  { parts, probe }: Clients,
): Row {
  return {
    at,
    state,
    stalls: state.stalls - before.stalls,
    waitMs: state.waitMs - before.waitMs,
    cpuPercent: (100 * (state.cpuSeconds - before.cpuSeconds)) / seconds,
    expired: state.expired - before.expired,
    tablesWritten: state.tablesWritten - before.tablesWritten,
    parts: parts.map((part) => lastInterval(part) ?? NOTHING),
    probe: lastInterval(probe) ?? NOTHING,
  };
}

/** One row for each interval while the load runs; what goes wrong is added to `faults`. */
async function observe(
  place: Workplace,
  gateway: Gateway,
  metricsPort: number,
  soak: Soak,
  clients: Clients,
  faults: string[],
): Promise<Row[]> {
  const rows: Row[] = [];
  const { pid } = gateway.process;
  const store = join(place.dir, STORE);
  const begin = performance.now();
  let before = await readGateway(metricsPort, pid, store);
  let beforeAt = begin;
  const count = Math.floor((soak.minutes * 60) / soak.interval);
  for (let index = 1; index <= count; index++) {
    const due = begin + 1000 * soak.interval * index;
    const returning =
      index % RETURN_EVERY === 0
        ? load(place, gateway, `${RETURNING} --prefix back --settle 0 --hold 0.1`)
        : undefined;
    // Half a second later the generators have reported their interval.
    await sleep(Math.max(0, due + 500 - performance.now()));
    await returning?.catch((error: unknown) => {
      const [reason = ''] = messageOf(error).split('\n').slice(1);
      faults.push(`clients that come back, at ${soak.interval * index} s: ${reason}`);
    });
    const state = await readGateway(metricsPort, pid, store);
    const now = performance.now();
    rows.push(rowOf((now - begin) / 1000, before, state, (now - beforeAt) / 1000, clients));
    process.stderr.write(`${tableOf(rows).at(-1) ?? ''}\n`);
    before = state;
    beforeAt = now;
  }
  return rows;
}

/** What the generators found wrong; they end some seconds after the last message. */
async function faultsOf({ parts, probe }: Clients): Promise<string[]> {
  const faults: string[] = [];
  const all = [
    ...parts.map((part) => ({ ...part, name: part.part.name })),
    { ...probe, name: 'probe' },
  ];
  for (const client of all) {
    for (let wait = 0; wait < 60 && client.process.isAlive(); wait++) await sleep(1000);
    const line = finalLine(client);
    const { name } = client;
    if (line === undefined) {
      faults.push(`${name}: the generator did not end well`);
      continue;
    }
    const { lost, duplicates, outOfOrder, faults: other } = parseSample(line);
    if (lost + duplicates + outOfOrder + other === 0) continue;
    faults.push(
      `${name}: ${lost} lost, ${duplicates} repeated, ${outOfOrder} out of order, ${other} other`,
    );
  }
  return faults;
}

async function run(place: Workplace, settings: GatewaySettings, soak: Soak): Promise<string[]> {
  const metricsPort = await freePort();
  const env = {
    ...settings.env,
    LMQTT_CONNECT_ENABLE_PROMETHEUS: 'true',
    LMQTT_CONNECT_EXPORTER_PORT: String(metricsPort),
  };
  const stallFile = join(place.dir, 'stalls');
  const start = performance.now();
  const gateway = await startGateway(place, watchStalls({ ...settings, env }, stallFile));
  let parts: readonly RunningPart[] = [];
  let probe: Probe | undefined;
  try {
    const seconds = Math.ceil(soak.minutes * 60) + 1;
    parts = await startMix(place, gateway, soak.rate, seconds, soak.interval);
    probe = await startProbe(place, gateway, seconds, soak.interval);
    const clients = { parts, probe };
    const age = performance.now() - start;
    const faults: string[] = [];
    const rows = await observe(place, gateway, metricsPort, soak, clients, faults);
    faults.push(...(await faultsOf(clients)));
    const priority = probe.isRealTime ? 'real-time priority' : 'the priority of lmqtt';
    return [
      `- probe: one publisher and one subscriber, 100 messages/s, ${priority}`,
      ...verdictOf(rows, faults),
      ...describeStalls(stallFile, age),
      '',
      ...tableOf(rows),
    ];
  } finally {
    for (const part of parts) await part.process.kill();
    await probe?.process.kill();
    await stopGateway(gateway);
  }
}

/**
 * The generators stand for other machines: lmqtt's threads shall not wait for them. By niceness alone each of them keeps its
 * core to the end of its slice of some ms, and a commit that wakes two threads waits for it twice.
 */
function launcherOf(niceness: string): string[] {
  if (niceness === 'idle') return ['chrt', '-i', '0'];
  return ['nice', '-n', String(wholeNumber('--generator-nice', niceness, 0))];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '30' },
      load: { type: 'string', default: '0.5' },
      peak: { type: 'string', default: 'auto' },
      interval: { type: 'string', default: '10' },
      'max-log-bytes': { type: 'string', default: String(2 ** 30) },
      'generator-nice': { type: 'string', default: 'idle' },
      'node-flags': { type: 'string', default: '' },
      tmp: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const minutes = wholeNumber('--minutes', values.minutes, 1);
  const interval = wholeNumber('--interval', values.interval, 1);
  const asked = values.peak === 'auto' ? undefined : wholeNumber('--peak', values.peak, 1);
  const niceness = values['generator-nice'];
  const part = fraction('--load', values.load);
  const settings: GatewaySettings = {
    nodeFlags: values['node-flags'].split(' ').filter((flag) => flag !== ''),
    env: {
      LMQTT_LMQ_MAX_LOG_BYTES: values['max-log-bytes'],
      LMQTT_LMQ_RETENTION_INTERVAL_MS: '5000',
    },
  };
  const binary = prepare();
  const inWorkplace: InWorkplace = (use) =>
    withWorkplace(binary, values.tmp, use, launcherOf(niceness));
  const peak = asked ?? (await findPeak(inWorkplace, { env: settings.env ?? {} }));
  const rate = peak * part;
  const lines = await inWorkplace((place) => run(place, settings, { minutes, rate, interval }));
  const shares = MIX.map(
    ({ name, share, fan }) =>
      `${name} ${(100 * share).toFixed(0)} %${fan > 1 ? ` to ${fan} subscribers` : ''}`,
  );
  publish('soak.md', values.tmp, [
    `${minutes} minutes at ${Math.round(rate)} published messages/s, ${part} of a peak of ${Math.round(peak)} ${asked === undefined ? 'found before' : 'given'}, generators at nice ${niceness}: ${shares.join(', ')}`,
    '',
    ...lines,
  ]);
}

await runScript(main);
