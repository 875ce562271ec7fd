import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirectory } from './directories.ts';

/** Where a process serves: what it has of these. */
export interface Where {
  /** `host:port` of every listener for MQTT over plain TCP. */
  readonly mqtt?: readonly string[];
  /** The same over TLS. */
  readonly mqtts?: readonly string[];
  /** `host:port/path` over WebSocket. */
  readonly ws?: readonly string[];
  /** The same over WebSocket over TLS. */
  readonly wss?: readonly string[];
  /** Name server, for mqadmin. */
  readonly namesrv?: string;
  /** Name server, for gateways and stores. */
  readonly rpc?: string;
  /** Store, for gateways. */
  readonly store?: string;
  /** Where metrics are served. */
  readonly metrics?: string | undefined;
}

/** What `bin/mqtt.sh` tells of a running process. */
export interface ReadyFacts extends Where {
  readonly pid: number;
  /** Data directory of a process that has one. */
  readonly data?: string | undefined;
  readonly log: string;
  readonly stopTimeoutMs: number;
}

/** The file that says that the process serves: `key=value` lines, written whole or not at all. */
export class ReadyFile {
  readonly #directory: string;
  readonly #path: string;

  constructor(directory: string, role: string) {
    this.#directory = directory;
    this.#path = join(directory, `${role}.ready`);
  }

  /** @throws ConfigError when the run directory cannot be created */
  write(facts: ReadyFacts): void {
    const { mqtt = [], mqtts = [], ws = [], wss = [], ...single } = facts;
    const lines = [
      ...Object.entries(single)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => `${key}=${String(value)}`),
      ...Object.entries({ mqtt, mqtts, ws, wss }).flatMap(([scheme, addresses]) =>
        addresses.map((address) => `${scheme}=${address}`),
      ),
    ];
    ensureDirectory(this.#directory, 'run directory');
    const draft = `${this.#path}.${facts.pid}`;
    writeFileSync(draft, `${lines.join('\n')}\n`);
    renameSync(draft, this.#path);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
