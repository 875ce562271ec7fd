// Runs the scenarios of scenarios.ts against lmqtt and other brokers, one after another, on the
// same machine, and writes a report. See README.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../src/common/errors.ts';
import { buildGateway, buildLoadGenerator } from './build.ts';
import { cleanUpAtExit } from './leftovers.ts';
import { describeMachine } from './machine.ts';
import { OWN, OWN_SYNC } from './broker-names.ts';
import { parseOptions, USAGE } from './options.ts';
import { aedes } from './peers/aedes.ts';
import { commandPeer } from './peers/command.ts';
import { emqx } from './peers/emqx.ts';
import { flashmq } from './peers/flashmq.ts';
import { lmqtt } from './peers/lmqtt.ts';
import { mosquitto } from './peers/mosquitto.ts';
import { nanomq } from './peers/nanomq.ts';
import { rocketmqMqtt } from './peers/rocketmq-mqtt.ts';
import { toChart, toJson, toMarkdown } from './report.ts';
import { figure, isDisturbed, medianSample } from './result.ts';
import { lasting, selectScenarios } from './scenarios.ts';
import { reasonToSkip } from './skip.ts';
import { runTrial } from './trial.ts';
import type { NamedPeer, Options } from './options.ts';
import type { Peer } from './peers/peer.ts';
import type { Report } from './report.ts';
import type { Outcome, Sample } from './result.ts';
import type { Scenario } from './scenarios.ts';
import type { LoadGenerator } from './build.ts';
import type { TrialOptions } from './trial.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface RunOptions extends TrialOptions {
  readonly generator: LoadGenerator;
  readonly repeat: number;
  readonly retries: number;
}

const log = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const NAMED: Readonly<Record<NamedPeer, (given: string) => Peer>> = {
  flashmq,
  nanomq,
  emqx,
  'rocketmq-mqtt': rocketmqMqtt,
};

/** The brokers asked for, lmqtt first. Throws on an unknown name. */
function selectPeers(options: Options): Peer[] {
  const known = new Map<string, Peer>([
    [OWN, lmqtt(OWN, options.flush, options.nodeFlags)],
    [mosquitto.name, mosquitto],
    [aedes.name, aedes],
  ]);
  for (const [name, program] of options.programs) known.set(name, NAMED[name](program));
  for (const [name, command] of options.commands) known.set(name, commandPeer(name, command));
  const names = new Set([...(options.isWithoutLmqtt ? [] : [OWN]), ...options.peers]);
  return [...names].map((name) => {
    const peer = known.get(name);
    if (peer === undefined)
      throw new Error(`unknown peer ${name}; known: ${[...known.keys()].join(', ')}`);
    return peer;
  });
}

/** One run, made again while other load disturbs it and retries are left. */
async function runQuietly(peer: Peer, scenario: Scenario, options: RunOptions): Promise<Sample> {
  let sample = await runTrial(peer, scenario, options);
  for (let retry = 0; retry < options.retries && isDisturbed(sample); retry++) {
    log(`${scenario.name} ${peer.name}: disturbed, once more`);
    sample = await runTrial(peer, scenario, options);
  }
  return sample;
}

/** All runs of one scenario; the brokers take turns, so that a drift of the machine meets all. */
async function runScenario(
  scenario: Scenario,
  peers: readonly Peer[],
  options: RunOptions,
): Promise<Outcome[]> {
  const runs = peers.map((peer) => ({
    peer,
    samples: [] as Sample[],
    failures: [] as string[],
    skipped: reasonToSkip(peer, scenario, options.generator),
  }));
  for (const { peer, skipped } of runs) {
    if (skipped !== undefined) log(`${scenario.name} ${peer.name}: skipped, ${skipped}`);
  }
  for (let round = 1; round <= options.repeat; round++) {
    for (const { peer, samples, failures, skipped } of runs) {
      if (skipped !== undefined) continue;
      const title = `${scenario.name} ${peer.name} ${String(round)}/${String(options.repeat)}`;
      try {
        const sample = await runQuietly(peer, scenario, options);
        samples.push(sample);
        const value = Math.round(figure(scenario.metric, sample)).toLocaleString('en-US');
        log(`${title}: ${value}`);
      } catch (error) {
        failures.push(messageOf(error));
        log(`${title}: FAILED ${messageOf(error)}`);
      }
    }
  }
  return runs.map(({ peer, samples, failures, skipped }) => ({
    scenario: scenario.name,
    peer: peer.name,
    median: medianSample(scenario.metric, samples),
    samples,
    failures,
    skipped,
  }));
}

function write(report: Report, out: string): string {
  mkdirSync(out, { recursive: true });
  const markdown = toMarkdown(report);
  writeFileSync(join(out, 'report.md'), markdown);
  writeFileSync(join(out, 'report.json'), toJson(report));
  writeFileSync(join(out, 'report.svg'), toChart(report));
  return markdown;
}

async function main(options: Options): Promise<void> {
  const scenarios = selectScenarios(options.scenarios).map((entry) =>
    lasting(entry, options.seconds),
  );
  const peers = selectPeers(options);
  const generator = buildLoadGenerator(ROOT);
  if (peers.some((peer) => peer.name === OWN)) buildGateway(ROOT);
  const runOptions = { ...options, generator, binary: generator.path };
  const base = options.tmp ?? tmpdir();
  mkdirSync(base, { recursive: true });
  const setting = [
    ...describeMachine(base),
    options.isPinned ? 'broker on core 0, generator on core 1' : 'broker and generator not pinned',
    `median of ${String(options.repeat)} runs, brokers taking turns, a fresh process and directory for each`,
    ...peers.map((peer) => `${peer.name}: ${peer.note}`),
  ];
  const outcomes: Outcome[] = [];
  for (const scenario of scenarios) {
    const hasSync = scenario.withSyncFlush && options.flush === 'ASYNC_FLUSH';
    const extra =
      hasSync && peers.some((peer) => peer.name === OWN)
        ? [lmqtt(OWN_SYNC, 'SYNC_FLUSH', options.nodeFlags)]
        : [];
    outcomes.push(...(await runScenario(scenario, [...peers, ...extra], runOptions)));
    write({ setting, scenarios, outcomes }, options.out);
  }
  process.stdout.write(write({ setting, scenarios, outcomes }, options.out));
}

cleanUpAtExit();
try {
  const options = parseOptions(process.argv.slice(2), join(ROOT, 'benchmark/results'));
  if (options === undefined) process.stdout.write(`${USAGE}\n`);
  else await main(options);
} catch (error) {
  log(messageOf(error));
  process.exitCode = 2;
}
