import { parseArgs } from 'node:util';
import { wholeNumber } from './number-option.ts';

/** What the command line of `npm run benchmark` selects. */
export interface Options {
  readonly scenarios: readonly string[];
  readonly peers: readonly string[];
  /** Name and command line of brokers that the benchmark does not know. */
  readonly commands: ReadonlyMap<string, string>;
  /** Brokers that it knows and that no package installs: their program, or where they run. */
  readonly programs: ReadonlyMap<NamedPeer, string>;
  /** Seconds of publishing in timed scenarios, half of them warm-up; each scenario's own when undefined. */
  readonly seconds: number | undefined;
  readonly repeat: number;
  /** How often a run that other load disturbed is made again. */
  readonly retries: number;
  readonly flush: FlushDiskType;
  /** Flags of Node for lmqtt's process, for instance `--cpu-prof`. */
  readonly nodeFlags: readonly string[];
  readonly isPinned: boolean;
  /** Leave lmqtt out: to measure the others alone. */
  readonly isWithoutLmqtt: boolean;
  /** Where report.md, report.json and report.svg go. */
  readonly out: string;
  /** Where the brokers' data directories go. */
  readonly tmp: string | undefined;
}

/** Brokers whose program the command line names, or where they run. */
export const NAMED_PEERS = ['flashmq', 'nanomq', 'emqx', 'rocketmq-mqtt'] as const;
export type NamedPeer = (typeof NAMED_PEERS)[number];

export type FlushDiskType = 'ASYNC_FLUSH' | 'SYNC_FLUSH';

export const USAGE = `npm run benchmark -- [options]
  --scenarios a16,b,…      scenarios to run (all)
  --peers mosquitto,aedes  brokers to compare with (both, where installed); '' for none
  --flashmq PROGRAM        also FlashMQ; likewise --nanomq PROGRAM and --emqx PROGRAM (its bin/emqx)
  --rocketmq-mqtt PORT[,PID…]   also Apache RocketMQ MQTT, which runs already: its port on 127.0.0.1, and
                           the processes whose CPU time and memory count
  --peer name=command      one more broker; {port} and {dir} in the command are replaced (repeatable)
  --repeat N               runs per scenario and broker; the median is reported (3)
  --seconds S              publish for S seconds in timed scenarios, half of them warm-up (4 or 6)
  --retries N              a run that other load disturbed is made again at most N times (0)
  --flush TYPE             lmqtt's flushDiskType, ASYNC_FLUSH or SYNC_FLUSH (ASYNC_FLUSH)
  --without-lmqtt          only the peers
  --node-flags='--cpu-prof --cpu-prof-dir=…'   flags of Node for lmqtt's process
  --pin                    broker on core 0, generator on core 1
  --out DIR                where report.md, report.json and report.svg go (benchmark/results)
  --tmp DIR                where data directories go (the system's temporary directory)`;

const names = (list: string): string[] => list.split(',').filter((name) => name !== '');

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.2 && seconds <= 3600)) {
    throw new Error(`--seconds must be a number from 0.2 to 3600, not '${text}'`);
  }
  return seconds;
}

function parseFlush(text: string): FlushDiskType {
  if (text !== 'ASYNC_FLUSH' && text !== 'SYNC_FLUSH') {
    throw new Error(`--flush must be ASYNC_FLUSH or SYNC_FLUSH, not '${text}'`);
  }
  return text;
}

function parseCommands(entries: readonly string[]): Map<string, string> {
  const commands = new Map<string, string>();
  for (const entry of entries) {
    const at = entry.indexOf('=');
    if (at < 1) throw new Error(`--peer must be name=command, not '${entry}'`);
    commands.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return commands;
}

/** Parses the command line; undefined when only the usage is asked for. Throws on a wrong option. */
export function parseOptions(argv: readonly string[], defaultOut: string): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      scenarios: { type: 'string', default: '' },
      peers: { type: 'string', default: 'mosquitto,aedes' },
      flashmq: { type: 'string' },
      nanomq: { type: 'string' },
      emqx: { type: 'string' },
      'rocketmq-mqtt': { type: 'string' },
      seconds: { type: 'string' },
      peer: { type: 'string', multiple: true, default: [] },
      repeat: { type: 'string', default: '3' },
      retries: { type: 'string', default: '0' },
      flush: { type: 'string', default: 'ASYNC_FLUSH' },
      pin: { type: 'boolean', default: false },
      'without-lmqtt': { type: 'boolean', default: false },
      'node-flags': { type: 'string', default: '' },
      out: { type: 'string', default: defaultOut },
      tmp: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const commands = parseCommands(values.peer);
  const programs = new Map<NamedPeer, string>();
  for (const name of NAMED_PEERS) {
    const program = values[name];
    if (program !== undefined) programs.set(name, program);
  }
  return {
    scenarios: names(values.scenarios),
    peers: [...names(values.peers), ...programs.keys(), ...commands.keys()],
    commands,
    programs,
    seconds: values.seconds === undefined ? undefined : parseSeconds(values.seconds),
    repeat: wholeNumber('--repeat', values.repeat, 1),
    retries: wholeNumber('--retries', values.retries, 0),
    flush: parseFlush(values.flush),
    nodeFlags: values['node-flags'].split(' ').filter((flag) => flag !== ''),
    isPinned: values.pin,
    isWithoutLmqtt: values['without-lmqtt'],
    out: values.out,
    tmp: values.tmp,
  };
}
