import type { ClusterNode } from '../../helpers/cluster-node.ts';
import type { Clients, TestClient } from './clients.ts';

/** One publisher for each topic, numbering its messages; each waits for one acknowledgement before the next. */
export class StreamLoad {
  /** By topic: numbers that were acknowledged, 0 and up. */
  readonly acknowledged: Map<string, number> = new Map();
  readonly #running: Promise<void>[] = [];
  #isOver = false;

  /** Odd topics at QoS 1, even ones at QoS 2; a client for each ten topics. */
  async start(clients: Clients, gateway: ClusterNode, topics: readonly string[]): Promise<void> {
    let publisher: TestClient | undefined;
    for (const [index, topic] of topics.entries()) {
      if (publisher === undefined || index % 10 === 0) {
        publisher = await clients.connect(gateway, `load-${gateway.name}-${String(index)}`);
      }
      this.#running.push(this.#run(publisher, topic, index % 2 === 0 ? 2 : 1));
    }
  }

  get count(): number {
    let count = 0;
    for (const acknowledged of this.acknowledged.values()) count += acknowledged;
    return count;
  }

  /** Resolves when everything that was sent has been acknowledged. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #run(publisher: TestClient, topic: string, qos: 1 | 2): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      await publisher.mqtt.publishAsync(topic, String(number), { qos });
      this.acknowledged.set(topic, number + 1);
    }
  }
}

/** What is wrong with what a subscriber has of these topics: each number once and in order, from 0 on. */
export function faultsOf(
  received: readonly { readonly topic: string; readonly payload: string }[],
  acknowledged: ReadonlyMap<string, number>,
): readonly string[] {
  const faults: string[] = [];
  const next = new Map<string, number>();
  for (const { topic, payload } of received) {
    const expected = next.get(topic) ?? 0;
    const number = Number(payload);
    if (number !== expected) {
      faults.push(`${topic}: ${payload} instead of ${String(expected)}`);
    }
    next.set(topic, number + 1);
  }
  for (const [topic, count] of acknowledged) {
    const got = next.get(topic) ?? 0;
    if (got !== count) faults.push(`${topic}: ends before ${String(got)}, not ${String(count)}`);
  }
  return faults.slice(0, 20);
}
