// The ceiling for a message: lmqtt's sockets and codec without a store, the store without sockets, and lmqtt. See
// README.md.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { OWN } from './broker-names.ts';
import { prepare, publish } from './gateway-run.ts';
import { measureStore, type StoreLoad } from './null-path/store.ts';
import { wholeNumber } from './number-option.ts';
import { commandPeer } from './peers/command.ts';
import { lmqtt } from './peers/lmqtt.ts';
import { lasting, selectScenarios } from './scenarios.ts';
import { runScript } from './script.ts';
import { runTrial } from './trial.ts';
import type { Peer } from './peers/peer.ts';
import type { Scenario } from './scenarios.ts';

const USAGE = `node --import=ts-blank-space/register benchmark/null-path.ts [options]
  --scenarios a,b  a16, a256, b, b256, c, d, dp, f0, f1, s1 (all)
  --seconds S      seconds of publishing, half of them warm-up (4)
  --repeat N       runs of each; the one with the least CPU time counts (3)
  --tmp DIR        where the data goes (the system's temporary directory)`;

/** What the store gets in one commit: about half of what the scenario lets be on the way. */
const STORE_LOADS: ReadonlyMap<string, StoreLoad> = new Map([
  ['a16', { topics: 1, batch: 2500, qos: 0, payloadBytes: 16 }],
  ['a256', { topics: 1, batch: 1000, qos: 0, payloadBytes: 256 }],
  ['b', { topics: 1, batch: 50, qos: 1, payloadBytes: 16 }],
  ['b256', { topics: 1, batch: 50, qos: 1, payloadBytes: 256 }],
  ['c', { topics: 1, batch: 50, qos: 2, payloadBytes: 16 }],
  ['d', { topics: 100, batch: 1000, qos: 1, payloadBytes: 16 }],
  ['dp', { topics: 100, batch: 1000, qos: 1, payloadBytes: 16 }],
  ['f0', { topics: 1, batch: 5000, qos: 0, payloadBytes: 16 }],
  ['f1', { topics: 1, batch: 5000, qos: 1, payloadBytes: 16 }],
  ['s1', { topics: 1, batch: 5000, qos: 1, payloadBytes: 16 }],
]);
const STORE_RECORDS = 1_000_000;

interface Settings {
  readonly binary: string;
  readonly repeat: number;
  readonly tmp: string | undefined;
}

/** The least CPU time of a delivered message, µs: other load only ever adds to it. */
async function leastCpu(peer: Peer, scenario: Scenario, settings: Settings): Promise<number> {
  let least = Infinity;
  for (let run = 0; run < settings.repeat; run++) {
    const { cpuPerMessage, lost, faults } = await runTrial(peer, scenario, {
      ...settings,
      isPinned: false,
    });
    if (lost + faults > 0)
      throw new Error(`${scenario.name} ${peer.name}: ${lost} lost, ${faults} faults`);
    if (cpuPerMessage > 0) least = Math.min(least, cpuPerMessage);
  }
  return least;
}

async function leastStore(load: StoreLoad, repeat: number): Promise<number> {
  let least = Infinity;
  for (let run = 0; run < repeat; run++) {
    least = Math.min(least, await measureStore(load, STORE_RECORDS));
  }
  return least;
}

async function rowOf(scenario: Scenario, settings: Settings): Promise<string> {
  const program = join(import.meta.dirname, 'null-path/broker.ts');
  const node = `${process.execPath} --import=ts-blank-space/register`;
  const nullPath = await leastCpu(
    commandPeer('null path', `${node} ${program} {port}`),
    scenario,
    settings,
  );
  const load = STORE_LOADS.get(scenario.name) as StoreLoad;
  const store = await leastStore(load, settings.repeat);
  const own = await leastCpu(lmqtt(OWN, 'ASYNC_FLUSH', []), scenario, settings);
  const values = [nullPath, store, nullPath + store, own].map((value) => value.toFixed(2));
  const row = `| ${[scenario.name, ...values, (own / (nullPath + store)).toFixed(2)].join(' | ')} |`;
  process.stderr.write(`${row}\n`);
  return row;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      scenarios: { type: 'string', default: [...STORE_LOADS.keys()].join(',') },
      seconds: { type: 'string', default: '4' },
      repeat: { type: 'string', default: '3' },
      tmp: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const names = values.scenarios.split(',');
  const unknown = names.filter((name) => !STORE_LOADS.has(name));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}`);
  const seconds = wholeNumber('--seconds', values.seconds, 2);
  const repeat = wholeNumber('--repeat', values.repeat, 1);
  const settings = { binary: prepare(), repeat, tmp: values.tmp };
  const rows: string[] = [];
  for (const scenario of selectScenarios(names)) {
    rows.push(await rowOf(lasting(scenario, seconds), settings));
  }
  publish('null-path.md', values.tmp, [
    `CPU µs of a message, the least of ${repeat} runs`,
    '',
    '| scenario | sockets and codec alone | store alone | together | lmqtt | lmqtt ÷ together |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ]);
}

await runScript(main);
