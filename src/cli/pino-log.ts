import { openSync } from 'node:fs';
import { dirname } from 'node:path';
import pino from 'pino';
import { ConfigError, messageOf } from '../common/errors.ts';
import type { Logger } from '../common/logger.ts';
import { ensureDirectory } from './directories.ts';

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Path of the log file, or undefined for none. */
  readonly file: string | undefined;
  readonly console: boolean;
}

/** The logger of the process with what only its owner may do. */
export interface ProcessLog {
  readonly logger: Logger;
  /** Writes out what is still buffered; for the last moment before exit. */
  flush(): void;
  /** Opens the log file anew, after it was moved away. */
  reopen(): void;
}

const SECRETS = ['password', 'secretKey', 'payload'];
const STDOUT = 1;
/** Characters that wait for a disk with room; what comes then is left out. */
const MAX_WAITING = 1 << 20;

type Destination = ReturnType<typeof pino.destination>;

/**
 * Opens the log: JSON lines, to the file and to standard output.
 * @throws ConfigError when the file cannot be opened
 */
export function openLog(options: LogOptions): ProcessLog {
  const { file, level } = options;
  const fileDestination = file === undefined ? undefined : new LogFile(file);
  const consoleDestination = options.console ? destinationOf(STDOUT) : undefined;
  const destinations = [fileDestination, consoleDestination].filter((one) => one !== undefined);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
      redact: {
        paths: SECRETS.flatMap((name) => [name, `*.${name}`]),
        censor: '<redacted>',
      },
    },
    pino.multistream(destinations.map((stream) => ({ level, stream }))),
  );
  return {
    logger,
    flush: () => {
      fileDestination?.flushSync();
      if (consoleDestination !== undefined) flush(consoleDestination);
    },
    reopen: () => {
      fileDestination?.reopen();
    },
  };
}

/** A log file that may be moved away and opened anew. */
class LogFile {
  readonly #path: string;
  #destination: Destination;

  constructor(path: string) {
    this.#path = path;
    ensureDirectory(dirname(path), 'log directory');
    try {
      this.#destination = destinationOf(openSync(path, 'a'));
    } catch (error) {
      throw new ConfigError(`log file ${path} cannot be opened: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  write(line: string): void {
    this.#destination.write(line);
  }

  flushSync(): void {
    flush(this.#destination);
  }

  /** Goes on in the old file when the new one cannot be opened. */
  reopen(): void {
    try {
      const next = destinationOf(openSync(this.#path, 'a'));
      this.#destination.end();
      this.#destination = next;
    } catch (error) {
      process.stderr.write(`lmqtt: log file ${this.#path}: ${messageOf(error)}\n`);
    }
  }
}

function destinationOf(fd: number): Destination {
  // Written at once: lines are rare, and so none is lost or out of order when the process dies.
  const destination = pino.destination({ fd, sync: true, maxLength: MAX_WAITING });
  let hasFailed = false;
  // A full disk or a closed console must not end the process; the first failure is told.
  destination.on('error', (error: Error) => {
    broken.add(destination);
    if (hasFailed) return;
    hasFailed = true;
    process.stderr.write(`lmqtt: the log cannot be written: ${error.message}\n`);
  });
  destination.on('write', () => {
    broken.delete(destination);
  });
  return destination;
}

/** What could not be written last time: its `flushSync` would try for ever, on a full disk for one. */
const broken = new WeakSet<Destination>();

function flush(destination: Destination): void {
  if (!broken.has(destination)) destination.flushSync();
}
