import { ErrorCode, messageOf, StoreError } from '../common/errors.ts';
import type { ProcessLog } from './pino-log.ts';

/** What the process does when the outside asks it to end. */
export interface ShutdownOptions {
  readonly log: ProcessLog;
  /** Whether SIGHUP means "open the log anew" (a daemon) rather than "the terminal is gone". */
  readonly isDaemon: boolean;
  /** Called once; its rejection is reported and makes the exit code 1. */
  readonly stop: () => Promise<void>;
}

/** Whether a stop is under way. */
export interface Shutdown {
  readonly isStopping: boolean;
  /** Stops as a first signal does; does nothing when a stop is under way. */
  begin(reason: string): void;
}

/**
 * Ends the process at once on an error that nobody handled: its state is unknown, and everything that
 * was acknowledged is on disk.
 */
export function exitOnUnhandled(log: ProcessLog): void {
  const exit = (error: unknown): void => {
    exitWithError(log, error, 'unhandled error, the process ends');
  };
  process.on('uncaughtException', exit);
  process.on('unhandledRejection', exit);
}

/**
 * The first SIGTERM or SIGINT stops gracefully, a second one ends the process at once. The first one after `begin` is no
 * second: systemd, and Ctrl-C, signal every process of a service beside the one that tells the others to stop.
 */
export function stopOnSignals(options: ShutdownOptions): Shutdown {
  const { log, isDaemon, stop } = options;
  const begin = (reason: string): void => {
    if (shutdown.isStopping) return;
    shutdown.isStopping = true;
    log.logger.info({ reason }, 'stopping');
    stop().then(
      () => {
        log.logger.info({}, 'stopped');
        exit(log, 0);
      },
      (error: unknown) => {
        exitWithError(log, error, 'stopped with an error');
      },
    );
  };
  const shutdown = { isStopping: false, begin };
  let isSignalled = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isSignalled) {
      log.logger.warn({ signal }, 'second signal, the process ends at once');
      exit(log, 1);
    }
    isSignalled = true;
    begin(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', (signal) => {
    if (isDaemon) log.reopen();
    else onSignal(signal);
  });
  return shutdown;
}

/**
 * Keeps the process alive until it exits by its own will: timers of the Clock do not, and a stop goes on
 * after the last socket is closed.
 */
export function keepAlive(): void {
  new MessageChannel().port1.ref();
}

/** Exit code for a disk that cannot be written or read: EX_IOERR of sysexits.h. */
export const EXIT_IO_ERROR = 74;

/**
 * Reports on standard error, in one line, and in the log, in full, then ends with exit code 1 or `EXIT_IO_ERROR`.
 * @param text of the line on standard error
 */
export function exitWithError(
  log: ProcessLog | undefined,
  error: unknown,
  message: string,
  text: string = messageOf(error),
): never {
  process.stderr.write(`lmqtt: ${text.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  log?.logger.error({ error }, message);
  return exit(log, isIoError(error) ? EXIT_IO_ERROR : 1);
}

function isIoError(error: unknown): boolean {
  return error instanceof StoreError && error.code === ErrorCode.STORE_UNAVAILABLE;
}

function exit(log: ProcessLog | undefined, code: number): never {
  log?.flush();
  process.exit(code);
}
