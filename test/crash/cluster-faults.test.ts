import { expect } from 'chai';
import { Cluster } from '../helpers/cluster.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { Random } from '../helpers/random.ts';
import { ClusterWorld, kill, pause, type ClusterFault } from './cluster-world.ts';
import { CrashPublisher } from './crash-publisher.ts';
import { CrashSubscriber } from './crash-subscriber.ts';

/** 20 for the full count. */
const FAULTS = Number(process.env['LMQTT_TEST_CLUSTER_FAULTS'] ?? 2);
const CLIENTS = Number(process.env['LMQTT_TEST_CLUSTER_CLIENTS'] ?? 40);
const PUBLISHERS = Math.max(2, Math.floor(CLIENTS / 10));
const MAX_LIFE_MS = 1_000;
const LEASE_MS = 2_000;
const RECOVERY_TIMEOUT_MS = 120_000;
/** Without a single message. */
const STALL_MS = 30_000;
const TIMEOUT_MS = 300_000 + FAULTS * 120_000;

describe(`crash: a cluster under load, ${CLIENTS} persistent clients`, function () {
  this.timeout(TIMEOUT_MS);
  let cluster: Cluster;

  before('start the cluster', async () => {
    cluster = await Cluster.start({ leaseMs: LEASE_MS, compiled: isBuildCurrent() });
  });

  after('stop the cluster', () => cluster.dispose());

  const faults: Record<string, () => ClusterFault> = {
    'SIGKILL of the gateway of the publishers': () => kill(cluster.gateway(0)),
    'SIGKILL of the gateway of the subscribers': () => kill(cluster.gateway(1)),
    'SIGKILL of the store': () => kill(cluster.store),
    'SIGKILL of the name server': () => kill(cluster.namesrvs[0]!),
    'SIGSTOP of a gateway for longer than its lease': () => pause(cluster.gateway(1), LEASE_MS * 2),
  };

  for (const [name, fault] of Object.entries(faults)) {
    it(`${name}, ${FAULTS} times: nothing is lost, repeated at QoS 2 or out of order [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-4.6.0-1]`, async () => {
      const random = Random.fromEnvironment();
      console.log(`      LMQTT_TEST_SEED=${random.seed}`);
      const load = new Load(cluster, random, name.replaceAll(' ', '-'));
      try {
        await load.start();
        const recoveries: number[] = [];
        const started = performance.now();
        for (let i = 0; i < FAULTS && load.world.violations.length === 0; i++) {
          await load.world.run(fault(), MAX_LIFE_MS);
          recoveries.push(await load.recover());
        }
        const seconds = (performance.now() - started) / 1000;
        const acknowledged = await load.finish();
        expect(load.world.violations).to.deep.equal([]);
        report(acknowledged, seconds, recoveries);
      } finally {
        load.end();
      }
    });
  }
});

/** Half of the publishers at QoS 1, half at QoS 2; each subscriber has a topic of its own kind. */
class Load {
  readonly world: ClusterWorld;
  readonly #prefix: string;
  readonly #topics: readonly string[];
  #publishers: CrashPublisher[] = [];
  #subscribers: CrashSubscriber[] = [];

  constructor(cluster: Cluster, random: Random, prefix: string) {
    this.world = new ClusterWorld(cluster, random);
    this.#prefix = prefix;
    this.#topics = Array.from({ length: PUBLISHERS }, (_, i) => `crash/${prefix}/${i}`);
  }

  async start(): Promise<void> {
    for (let i = 0; i < CLIENTS - PUBLISHERS; i++) {
      const topic = this.#topics[i % PUBLISHERS]!;
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
    return this.#publishers.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  }

  /** Waits as long as messages come: a paused gateway leaves a backlog behind. */
  async #allArrive(): Promise<void> {
    for (let before = Infinity; ;) {
      const missing = this.#missing();
      if (missing === 0) return;
      if (missing >= before) throw new Error(`${missing} messages do not arrive`);
      before = missing;
      await eventually('messages arrive', () => this.#missing() < before, STALL_MS, 50);
    }
  }

  end(): void {
    for (const client of [...this.#publishers, ...this.#subscribers]) client.end();
  }

  #missing(): number {
    let missing = 0;
    for (const [i, subscriber] of this.#subscribers.entries()) {
      const publisher = this.#publishers[i % PUBLISHERS]!;
      const topic = this.#topics[i % PUBLISHERS]!;
      missing += (publisher.sent.get(topic) ?? 0) - subscriber.streams.last(publisher.name, topic);
    }
    return missing;
  }
}

function report(acknowledged: number, seconds: number, recoveries: readonly number[]): void {
  const sorted = [...recoveries].sort((a, b) => a - b);
  const at = (part: number): string =>
    Math.round(
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0,
    ).toString();
  console.log(
    `      ${acknowledged} messages acknowledged, ${Math.round(acknowledged / seconds)}/s; ` +
      `acknowledged again after the fault: median ${at(0.5)} ms, longest ${at(1)} ms`,
  );
}
