import { Command, CommanderError } from 'commander';
import type { Clock } from '../../common/clock.ts';
import type { AdminArguments, AdminCommand } from './admin-command.ts';
import { BACKUP_STORE } from './backup-store.ts';
import { CONSUMER_PROGRESS } from './consumer-progress.ts';
import { KV_COMMANDS } from './kv-commands.ts';
import { parseNamesrvAddresses } from './namesrv-address.ts';
import { NamesrvCluster, NamesrvFailure } from './namesrv-cluster.ts';
import { STORE_COMMANDS } from './store-commands.ts';
import { TOPIC_COMMANDS } from './topic-commands.ts';

export const ExitCode = {
  OK: 0,
  /** The name server refused, has no such key, or cannot be reached. */
  FAILED: 1,
  /** The command line is wrong. */
  USAGE: 2,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface MqadminOptions {
  /** Name servers when `-n` is not given. */
  readonly defaultNamesrvAddr: string | undefined;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly clock: Clock;
}

const COMMANDS: readonly AdminCommand[] = [
  ...KV_COMMANDS,
  ...TOPIC_COMMANDS,
  ...STORE_COMMANDS,
  CONSUMER_PROGRESS,
  BACKUP_STORE,
];

/** Runs one command line (without program name) and resolves with its exit code. */
export async function runMqadmin(
  args: readonly string[],
  options: MqadminOptions,
): Promise<ExitCode> {
  const program = mqadminProgram(options);
  try {
    await program.parseAsync(withCanonicalCommand(args), { from: 'user' });
    return ExitCode.OK;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
    }
    if (!(error instanceof NamesrvFailure)) throw error;
    options.stderr(`${error.message}\n`);
    return ExitCode.FAILED;
  }
}

function mqadminProgram(options: MqadminOptions): Command {
  const program = new Command('mqadmin')
    .description('Administers the name server, as the mqadmin of RocketMQ does.')
    .exitOverride()
    .configureOutput({ writeOut: options.stdout, writeErr: options.stderr });
  for (const command of COMMANDS) addCommand(program, command, options);
  return program;
}

function addCommand(program: Command, command: AdminCommand, options: MqadminOptions): void {
  const subcommand = program
    .command(command.name)
    .description(command.description)
    .option(
      '-n, --namesrvAddr <list>',
      'name servers, host:port;host:port (default: environment variable NAMESRV_ADDR)',
    );
  for (const { flags, description, isRequired } of command.options) {
    if (isRequired === true) subcommand.requiredOption(flags, description);
    else subcommand.option(flags, description);
  }
  subcommand.action(async (parsed: Readonly<Record<string, string | true>>) => {
    const args: AdminArguments = Object.fromEntries(
      Object.entries(parsed).map(([name, value]) => [name, String(value)]),
    );
    const list = args['namesrvAddr'] ?? options.defaultNamesrvAddr;
    const namesrv = new NamesrvCluster(addressesOf(subcommand, list), options.clock);
    const print = (line: string): void => {
      options.stdout(`${line}\n`);
    };
    print(await command.run(namesrv, args, options.clock, print));
  });
}

function addressesOf(
  command: Command,
  list: string | undefined,
): ReturnType<typeof parseNamesrvAddresses> {
  if (list === undefined || list === '') {
    command.error('error: no name server given: use -n host:port or set NAMESRV_ADDR');
  }
  try {
    return parseNamesrvAddresses(list);
  } catch (error) {
    if (error instanceof RangeError) command.error(`error: ${error.message}`);
    throw error;
  }
}

/** Command names compare without regard to case, as in Java; also after `help`. */
function withCanonicalCommand(args: readonly string[]): string[] {
  const position = args[0]?.toLowerCase() === 'help' ? 1 : 0;
  return args.map((arg, index) => {
    if (index !== position) return index < position ? 'help' : arg;
    const command = COMMANDS.find(({ name }) => name.toLowerCase() === arg.toLowerCase());
    return command?.name ?? arg;
  });
}
