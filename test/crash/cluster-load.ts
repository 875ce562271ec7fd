import type { Cluster } from '../helpers/cluster.ts';
import { eventually } from '../helpers/eventually.ts';
import type { Random } from '../helpers/random.ts';
import { ClusterWorld, type ClusterFault } from './cluster-world.ts';
import { CrashPublisher } from './crash-publisher.ts';
import { CrashSubscriber } from './crash-subscriber.ts';

const MAX_LIFE_MS = 1_000;
const RECOVERY_TIMEOUT_MS = 120_000;
/** Without a single message. */
const STALL_MS = 60_000;

/**
 * Persistent clients of a cluster under faults: publishers on its first gateway, half of them at QoS 1 and half at
 * QoS 2, and nine times as many subscribers on the second one; each subscriber has a topic of its own kind.
 */
export class ClusterLoad {
  readonly world: ClusterWorld;
  readonly #cluster: Cluster;
  readonly #prefix: string;
  readonly #clients: number;
  readonly #topics: readonly string[];
  #publishers: CrashPublisher[] = [];
  #subscribers: CrashSubscriber[] = [];
  /** What was acknowledged while nothing was wrong, and in how long. */
  #atPeace = { messages: 0, milliseconds: 0 };

  /** @param prefix of client identifiers and topics */
  constructor(cluster: Cluster, random: Random, prefix: string, clients: number) {
    this.world = new ClusterWorld(cluster, random);
    this.#cluster = cluster;
    this.#prefix = prefix;
    this.#clients = clients;
    const publishers = Math.max(2, Math.floor(clients / 10));
    this.#topics = Array.from({ length: publishers }, (_, i) => `crash/${prefix}/${i}`);
  }

  /** Messages so far. */
  get acknowledged(): number {
    return this.#publishers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  /** Lets a fault happen and end under load; how long it takes from its end until all publishers are acknowledged, ms. */
  async survive(fault: ClusterFault): Promise<number> {
    const started = performance.now();
    const before = this.acknowledged;
    const noted: ClusterFault = {
      begin: () => {
        this.#atPeace.messages += this.acknowledged - before;
        this.#atPeace.milliseconds += performance.now() - started;
        return fault.begin();
      },
      end: () => fault.end(),
    };
    await this.world.run(noted, MAX_LIFE_MS);
    return this.recover();
  }

  /** Messages a second under which faults have begun since it was asked for last. */
  takeRate(): number {
    const { messages, milliseconds } = this.#atPeace;
    this.#atPeace = { messages: 0, milliseconds: 0 };
    return (messages / milliseconds) * 1000;
  }

  async start(): Promise<void> {
    for (let i = 0; i < this.#clients - this.#topics.length; i++) {
      const topic = this.#topics[i % this.#topics.length]!;
      const name = `${this.#prefix}-s${i}`;
      const qos = i % 2 === 0 ? 1 : 2;
      this.#subscribers.push(new CrashSubscriber(this.world.subscribing, name, qos, [topic]));
    }
    await eventually(
      'the subscribers are there',
      () => this.#subscribers.every((subscriber) => subscriber.isSubscribed),
      RECOVERY_TIMEOUT_MS,
      50,
    );
    this.#publishers = this.#topics.map(
      (topic, i) =>
        new CrashPublisher(this.world.publishing, `${this.#prefix}-p${i}`, i % 2 === 0 ? 1 : 2, [
          topic,
        ]),
    );
  }

  /** Waits until every publisher is acknowledged again; how long that took, ms. */
  async recover(): Promise<number> {
    const started = performance.now();
    const before = this.#publishers.map(({ acknowledged }) => acknowledged);
    await eventually(
      'every publisher is acknowledged again',
      () => this.#publishers.every(({ acknowledged }, i) => acknowledged > before[i]!),
      RECOVERY_TIMEOUT_MS,
    );
    return performance.now() - started;
  }

  /** Waits until everything sent has been acknowledged and received; how many messages that were. */
  async finish(): Promise<number> {
    for (const subscriber of this.#subscribers) subscriber.stay();
    await eventually(
      'everything is acknowledged',
      () => this.#publishers.map((publisher) => publisher.finish()).every(Boolean),
      RECOVERY_TIMEOUT_MS,
      50,
    );
    await this.#allArrive();
    return this.acknowledged;
  }

  /** Waits as long as messages come: a paused gateway leaves a backlog behind. */
  async #allArrive(): Promise<void> {
    for (let before = Infinity; ;) {
      const missing = this.#missing();
      if (missing === 0) return;
      if (missing >= before) throw new Error(`${missing} messages do not arrive`);
      before = missing;
      await eventually('messages arrive', () => this.#missing() < before, STALL_MS, 50).catch(
        (error: unknown) => {
          throw new Error(`${this.#laggards()}\n${this.#cluster.output}`, { cause: error });
        },
      );
    }
  }

  end(): void {
    for (const client of [...this.#publishers, ...this.#subscribers]) client.end();
  }

  #missing(): number {
    return this.#behind().reduce((sum, { missing }) => sum + missing, 0);
  }

  #behind(): { readonly subscriber: CrashSubscriber; readonly missing: number }[] {
    return this.#subscribers.map((subscriber, i) => {
      const publisher = this.#publishers[i % this.#topics.length]!;
      const topic = this.#topics[i % this.#topics.length]!;
      const sent = publisher.sent.get(topic) ?? 0;
      return { subscriber, missing: sent - subscriber.streams.last(publisher.name, topic) };
    });
  }

  /** For the message of a failed test. */
  #laggards(): string {
    const behind = this.#behind().filter(({ missing }) => missing > 0);
    const some = behind.slice(0, 10).map(({ subscriber, missing }) => {
      const state = subscriber.isConnected ? 'connected' : 'not connected';
      return `${subscriber.name}: ${missing}, ${state}`;
    });
    return `${behind.length} subscribers miss messages: ${some.join('; ')}`;
  }
}

/** Prints what a row of docs/reliability.md says. */
export function report(
  acknowledged: number,
  seconds: number,
  rate: number,
  recoveries: readonly number[],
): void {
  const sorted = [...recoveries].sort((a, b) => a - b);
  const at = (part: number): string =>
    Math.round(
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0,
    ).toString();
  console.log(
    `      ${acknowledged} messages acknowledged, ${Math.round(acknowledged / seconds)}/s, ` +
      `${Math.round(rate)}/s when a fault began; ` +
      `acknowledged again after the fault: median ${at(0.5)} ms, longest ${at(1)} ms`,
  );
}
