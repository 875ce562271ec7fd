import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirectory } from './directories.ts';

/** What `bin/mqtt.sh` tells of a running process. */
export interface ReadyFacts {
  readonly pid: number;
  /** `host:port` of every MQTT listener. */
  readonly mqtt: readonly string[];
  readonly namesrv: string;
  readonly data: string;
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
    const { mqtt, ...single } = facts;
    const lines = [
      ...Object.entries(single).map(([key, value]) => `${key}=${value}`),
      ...mqtt.map((address) => `mqtt=${address}`),
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
