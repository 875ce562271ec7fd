import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Broker, FullBrokerOptions } from './broker.ts';
import { freePort } from './free-port.ts';
import { ServerProcess, type ServerCommand } from './server-process.ts';
import { makeTempDir } from './temp-dir.ts';

const START_TIMEOUT_MS = 30_000;
const ROOT = resolve(import.meta.dirname, '../..');

/** The real program, standalone, in a process and directories of its own. */
export class GatewayProcess implements Broker {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly dataDir: string;
  readonly options: FullBrokerOptions;
  #process: ServerProcess | undefined;

  private constructor(port: number, dataDir: string, options: FullBrokerOptions) {
    this.port = port;
    this.dataDir = dataDir;
    this.options = options;
  }

  static async create(options: FullBrokerOptions): Promise<GatewayProcess> {
    const dataDir = await makeTempDir();
    if (options.connectConf !== undefined) {
      mkdirSync(join(dataDir, 'conf'));
      writeFileSync(join(dataDir, 'conf', 'connect.conf'), options.connectConf);
    }
    return new GatewayProcess(await freePort(), dataDir, options);
  }

  get alive(): boolean {
    return this.#process?.alive ?? false;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error('the gateway was never started');
    return this.#process.pid;
  }

  /** Null while it runs, and when a signal has ended it. */
  get exitCode(): number | null {
    return this.#process?.exitCode ?? null;
  }

  get rssBytes(): number {
    if (this.#process === undefined) throw new Error('the gateway was never started');
    return this.#process.rssBytes;
  }

  get output(): string {
    return this.#process?.output ?? '';
  }

  async crash(): Promise<void> {
    await this.#process?.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#process?.kill('SIGTERM');
  }

  async restart(): Promise<void> {
    const readyFile = join(this.dataDir, 'run', 'standalone.ready');
    // A killed process leaves its file behind.
    rmSync(readyFile, { force: true });
    const server = new ServerProcess(this.#command());
    this.#process = server;
    const isReady = (): boolean =>
      existsSync(readyFile) && readFileSync(readyFile, 'utf8').includes(`pid=${server.pid}\n`);
    await server.untilReady(isReady, START_TIMEOUT_MS);
  }

  #command(): ServerCommand {
    const sources = ['--import=ts-blank-space/register', join(ROOT, 'src/cli/standalone-main.ts')];
    const compiled = [join(ROOT, 'dist/cli/standalone-main.js')];
    return {
      program: process.execPath,
      args: this.options.compiled === true ? compiled : sources,
      cwd: ROOT,
      env: this.#environment(),
    };
  }

  #environment(): Record<string, string> {
    const { options } = this;
    const environment: Record<string, string> = {
      LMQTT_HOME: this.dataDir,
      LMQTT_CONNECT_MQTT_PORT: String(this.port),
      LMQTT_CONNECT_MAX_PACKET_SIZE_IN_BYTE: String(options.maxPacketBytes),
      LMQTT_CONNECT_MAX_INFLIGHT: String(options.maxInflight),
      LMQTT_CONNECT_AUTO_CREATE_TOPIC: String(options.autoCreateTopic ?? true),
      LMQTT_NAMESRV_LISTEN_PORT: '0',
      LMQTT_SERVICE_LOG_LEVEL: 'warn',
      LMQTT_SERVICE_LOG_FILE: '',
    };
    if (options.connectTimeoutMs !== undefined) {
      environment['LMQTT_CONNECT_CONNECT_TIMEOUT_MS'] = String(options.connectTimeoutMs);
    }
    if (options.login !== undefined) {
      environment['LMQTT_SERVICE_USERNAME'] = options.login.username;
      environment['LMQTT_SERVICE_SECRET_KEY'] = options.login.secretKey;
    }
    return { ...environment, ...options.environment };
  }
}
