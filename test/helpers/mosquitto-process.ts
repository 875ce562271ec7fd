import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Broker, FullBrokerOptions } from './broker.ts';
import { freePort } from './free-port.ts';
import { hmacPassword } from './hmac-password.ts';
import { ServerProcess } from './server-process.ts';
import { makeTempDir } from './temp-dir.ts';

const START_TIMEOUT_MS = 5_000;
/** The client id whose password the tests' mosquitto knows: it cannot compute signatures. */
const KNOWN_CLIENT_ID = 'recv01';

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/** Debian's mosquitto, only to prove that the tests themselves are right. */
export class MosquittoProcess implements Broker {
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

  static async create(options: FullBrokerOptions): Promise<MosquittoProcess> {
    const broker = new MosquittoProcess(await freePort(), await makeTempDir(), options);
    await broker.#configure(options);
    return broker;
  }

  get alive(): boolean {
    return this.#process?.alive ?? false;
  }

  get rssBytes(): number {
    return this.#process?.rssBytes ?? 0;
  }

  get output(): string {
    return this.#process?.output ?? '';
  }

  /** SIGTERM, because mosquitto keeps nothing over a SIGKILL. */
  async crash(): Promise<void> {
    await this.#process?.kill('SIGTERM');
  }

  async stop(): Promise<void> {
    await this.#process?.kill('SIGTERM');
  }

  async restart(): Promise<void> {
    this.#process = new ServerProcess({
      program: '/usr/sbin/mosquitto',
      args: ['-c', join(this.dataDir, 'mosquitto.conf')],
    });
    await this.#process.untilReady(() => answers(this.port), START_TIMEOUT_MS);
  }

  async #configure(options: FullBrokerOptions): Promise<void> {
    const { login } = options;
    const lines = [
      'user root',
      `listener ${String(this.port)} 127.0.0.1`,
      'persistence true',
      `persistence_location ${this.dataDir}/`,
      `max_packet_size ${String(options.maxPacketBytes)}`,
      `max_inflight_messages ${String(options.maxInflight)}`,
      'max_queued_messages 0',
      'allow_zero_length_clientid true',
      `allow_anonymous ${String(login === undefined)}`,
    ];
    if (login !== undefined) {
      const file = join(this.dataDir, 'passwords');
      await writeFile(file, '');
      const password = hmacPassword(login.secretKey, KNOWN_CLIENT_ID);
      execFileSync('mosquitto_passwd', ['-b', file, login.username, password]);
      lines.push(`password_file ${file}`);
    }
    await writeFile(join(this.dataDir, 'mosquitto.conf'), lines.join('\n') + '\n');
  }
}
