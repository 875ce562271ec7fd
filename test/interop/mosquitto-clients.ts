import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { eventually, within } from '../helpers/eventually.ts';
import type { Address } from '../helpers/raw-client.ts';

const RUN_TIMEOUT_MS = 15_000;
/** One line a message: QoS, RETAIN, payload in hex, topic. */
const FORMAT = 'MESSAGE %q %r %x %t';
const LINE = /^MESSAGE (\d) (\d) ([0-9a-fA-F]*) (.*)$/;

export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
}

/** Fails with a clear message where Debian's package mosquitto-clients is missing. */
export function requireMosquittoClients(): void {
  for (const program of ['mosquitto_pub', 'mosquitto_sub', 'mosquitto_rr']) {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`]);
    } catch (error) {
      throw new Error(`${program} is missing: apt-get install mosquitto-clients`, { cause: error });
    }
  }
}

function addressArguments(address: Address): string[] {
  return ['-V', 'mqttv311', '-h', address.host, '-p', String(address.port)];
}

async function finish(child: ChildProcess, name: string, output: () => string): Promise<void> {
  const [code] = (await within(`${name} to end`, RUN_TIMEOUT_MS, once(child, 'close'))) as [number];
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${output()}`);
}

/** Runs mosquitto_pub to its end; `input` goes to its standard input (for `-s` and `-l`). */
export async function mosquittoPub(
  address: Address,
  args: readonly string[],
  input: string | Buffer = '',
): Promise<void> {
  const child = spawn('mosquitto_pub', [...addressArguments(address), ...args]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  // It may end without having read its input (-n): its exit code tells whether that was right.
  child.stdin.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  child.stdin.end(input);
  await finish(child, 'mosquitto_pub', () => output);
}

/** A running mosquitto_sub and what it has received. */
export class MosquittoSub {
  readonly #child: ChildProcess;
  #output = '';
  #rest = '';
  readonly messages: Message[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk.toString('utf8')));
    child.stderr?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  /** Starts it and waits for the SUBACK. */
  static async start(address: Address, args: readonly string[]): Promise<MosquittoSub> {
    const all = [...addressArguments(address), '-d', '-F', FORMAT, ...args];
    // Its standard output is a pipe: without this it would keep lines back.
    const sub = new MosquittoSub(spawn('stdbuf', ['-oL', 'mosquitto_sub', ...all]));
    await eventually('mosquitto_sub is subscribed', () => sub.#isSubscribed(), RUN_TIMEOUT_MS);
    return sub;
  }

  /** Waits until `count` messages have come, and returns all that have. */
  async received(count: number): Promise<readonly Message[]> {
    await eventually(`${count} messages`, () => this.messages.length >= count, RUN_TIMEOUT_MS);
    return this.messages;
  }

  /** Waits for its own end (options `-C` and `-E`), which must be a good one. */
  async ended(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    await finish(this.#child, 'mosquitto_sub', () => this.#output);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await within('mosquitto_sub to end', RUN_TIMEOUT_MS, closed);
  }

  #isSubscribed(): boolean {
    if (this.#output.includes('Subscribed (mid')) return true;
    if (this.#child.exitCode === null) return false;
    throw new Error(`mosquitto_sub ended with ${this.#child.exitCode}: ${this.#output}`);
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, qos, retain, hex, topic] = LINE.exec(line) ?? [];
      if (hex === undefined || topic === undefined) this.#output += `${line}\n`;
      else {
        const payload = Buffer.from(hex, 'hex');
        this.messages.push({ topic, payload, qos: Number(qos), retain: retain === '1' });
      }
    }
  }
}
