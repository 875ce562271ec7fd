import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterNode } from '../../helpers/cluster-node.ts';
import type { Clients, TestClient } from './clients.ts';

export interface Pace {
  /** Messages of a topic that may be unacknowledged; 1 unless given. */
  readonly window?: number;
  /** Between an acknowledgement and the next message, ms; none unless given. */
  readonly pauseMs?: number;
}

/** One publisher for each topic, numbering its messages. */
export class StreamLoad {
  /** By topic: numbers that were acknowledged, 0 and up. */
  readonly acknowledged: Map<string, number> = new Map();
  readonly #running: Promise<void>[] = [];
  /** By topic: the number to send next. */
  readonly #next = new Map<string, number>();
  #isOver = false;

  /** Odd topics at QoS 1, even ones at QoS 2; a client for each ten topics. */
  async start(
    clients: Clients,
    gateway: ClusterNode,
    topics: readonly string[],
    { window = 1, pauseMs = 0 }: Pace = {},
  ): Promise<void> {
    let publisher: TestClient | undefined;
    for (const [index, topic] of topics.entries()) {
      if (publisher === undefined || index % 10 === 0) {
        publisher = await clients.connect(gateway, `load-${gateway.name}-${String(index)}`);
      }
      for (let i = 0; i < window; i++) {
        this.#running.push(this.#run(publisher, topic, index % 2 === 0 ? 2 : 1, pauseMs));
      }
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

  async #run(publisher: TestClient, topic: string, qos: 1 | 2, pauseMs: number): Promise<void> {
    while (!this.#isOver) {
      const number = this.#next.get(topic) ?? 0;
      this.#next.set(topic, number + 1);
      await publisher.mqtt.publishAsync(topic, String(number), { qos });
      this.acknowledged.set(topic, Math.max(number + 1, this.acknowledged.get(topic) ?? 0));
      if (pauseMs > 0) await sleep(pauseMs);
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

/** What one member of a shared group has behind something newer of its topic. */
export function disorderOf(
  received: readonly { readonly topic: string; readonly payload: string }[],
): readonly string[] {
  const newest = new Map<string, number>();
  const faults: string[] = [];
  for (const { topic, payload } of received) {
    const number = Number(payload);
    const before = newest.get(topic) ?? -1;
    if (number < before) faults.push(`${topic}: ${payload} behind ${String(before)}`);
    newest.set(topic, Math.max(number, before));
  }
  return faults.slice(0, 20);
}
