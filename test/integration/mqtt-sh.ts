import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import mqtt from 'mqtt';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';

export const ROOT: string = resolve(import.meta.dirname, '../..');
const SCRIPT = join(ROOT, 'bin/mqtt.sh');
/** A build may be needed first. */
export const START_TIMEOUT_MS = 120_000;

/** Builds what is not built. */
export async function build(): Promise<void> {
  const built = spawn('sh', [join(ROOT, 'bin/build.sh')], { stdio: 'ignore' });
  const [code] = (await once(built, 'exit')) as [number];
  expect(code, 'exit code of the build').to.equal(0);
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type Variables = Readonly<Record<string, string>>;

/** `bin/mqtt.sh` with directories of its own and free ports. */
export class MqttSh {
  readonly home: string;
  readonly #environment: Variables;

  private constructor(home: string, environment: Variables) {
    this.home = home;
    this.#environment = environment;
  }

  static async create(variables: Variables = {}): Promise<MqttSh> {
    const home = await makeTempDir();
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('LMQTT_'));
    return new MqttSh(home, {
      ...(Object.fromEntries(inherited) as Record<string, string>),
      LMQTT_HOME: home,
      LMQTT_CONNECT_MQTT_PORT: '0',
      LMQTT_NAMESRV_LISTEN_PORT: '0',
      ...variables,
    });
  }

  environment(variables: Variables = {}): Record<string, string> {
    return { ...this.#environment, ...variables };
  }

  /** Runs one command to its end. */
  async run(args: readonly string[], variables: Variables = {}): Promise<Outcome> {
    const child = spawn('sh', [SCRIPT, ...args], {
      env: this.environment(variables),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = once(child, 'exit') as Promise<[number | null]>;
    const [[code], stdout, stderr] = await Promise.all([
      exited,
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code, stdout, stderr };
  }

  async expectSuccess(...args: string[]): Promise<Outcome> {
    const outcome = await this.run(args);
    expect(outcome, JSON.stringify(outcome)).to.include({ code: 0, stderr: '' });
    return outcome;
  }

  /** A start that fails with one line, and leaves nothing running. */
  async expectFailure(message: string | RegExp, variables: Variables = {}): Promise<void> {
    const outcome = await this.run(['start'], variables);
    expect(outcome.code, JSON.stringify(outcome)).to.equal(1);
    expect(outcome.stderr).to.match(/^lmqtt: [^\n]+\n$/, 'one line');
    expect(outcome.stderr).to.match(
      typeof message === 'string'
        ? new RegExp(message.replaceAll(/[.+?()[\]|]/g, '\\$&'))
        : message,
    );
    expect(existsSync(this.readyFile), 'ready file').to.equal(false);
    expect((await this.run(['status'])).code, 'status').to.equal(3);
  }

  configure(file: string, content: string): void {
    mkdirSync(join(this.home, 'conf'), { recursive: true });
    writeFileSync(join(this.home, 'conf', file), content);
  }

  async answersMqtt(): Promise<boolean> {
    const { mqttPort: port } = this;
    const client = await mqtt.connectAsync({ host: '127.0.0.1', port, reconnectPeriod: 0 });
    await client.endAsync();
    return true;
  }

  get pidFile(): string {
    return join(this.home, 'run/standalone.pid');
  }

  get readyFile(): string {
    return join(this.home, 'run/standalone.ready');
  }

  /** Pid of the process that the pid file names, or undefined. */
  get pid(): number | undefined {
    if (!existsSync(this.pidFile)) return undefined;
    return Number(readFileSync(this.pidFile, 'utf8').split(' ')[0]);
  }

  /** A value of the ready file. */
  ready(key: string): string | undefined {
    const content = readFileSync(this.readyFile, 'utf8');
    return new RegExp(`^${key}=(.*)$`, 'm').exec(content)?.[1];
  }

  get mqttPort(): number {
    return Number(this.ready('mqtt')?.split(':').at(-1));
  }

  /** Ends what runs and removes the directories. */
  async dispose(): Promise<void> {
    await this.run(['stop']);
    await removeTempDir(this.home);
  }
}
