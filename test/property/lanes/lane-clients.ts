import type { FakeClient, World } from '../../unit/gateway/gateway-world.ts';
import {
  type Packet,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  subscribe,
} from '../../helpers/packets.ts';

interface Sending {
  readonly id: number;
  readonly topic: string;
  readonly payload: string;
  readonly qos: 1 | 2;
  isReleased: boolean;
}

/** A publisher that does as MQTT says: what is not acknowledged is sent again after a reconnect, in order. */
export class Publisher {
  readonly #clientId: string;
  #client: FakeClient | undefined;
  #unanswered: Sending[] = [];
  #nextId = 1;

  constructor(clientId: string) {
    this.#clientId = clientId;
  }

  get isDone(): boolean {
    return this.#unanswered.length === 0;
  }

  async connect(world: World): Promise<void> {
    this.#client = await world.connected({ clientId: this.#clientId, clean: false });
    for (const one of this.#unanswered) {
      this.#client.socket.feed(one.isReleased ? pubrel(one.id) : frameOf(one, true));
    }
  }

  publish(topic: string, qos: 1 | 2, payload: string): void {
    if (this.#unanswered.length >= 50) return;
    const one = { id: this.#nextId, topic, payload, qos, isReleased: false };
    this.#nextId = (this.#nextId % 100) + 1;
    this.#unanswered.push(one);
    this.#client?.socket.feed(frameOf(one, false));
  }

  /** Reads what has come. */
  step(): void {
    for (const packet of this.#client?.take() ?? []) this.#read(packet);
  }

  #read(packet: Packet): void {
    if (packet.type === 'pubrec') {
      const one = this.#unanswered.find(({ id }) => id === packet.id);
      if (one !== undefined) one.isReleased = true;
      this.#client?.socket.feed(pubrel(packet.id));
    } else if (packet.type === 'puback' || packet.type === 'pubcomp') {
      this.#unanswered = this.#unanswered.filter(({ id }) => id !== packet.id);
    }
  }
}

function frameOf({ id, topic, payload, qos }: Sending, dup: boolean): Buffer {
  return publish({ topic, payload, qos, id, dup });
}

/** A subscriber that remembers what it has: QoS 2 identifiers outlive its connections. */
export class Subscriber {
  /** Payloads by topic in the order in which they were handed to the application. */
  readonly delivered: Map<string, string[]> = new Map<string, string[]>();
  readonly #clientId: string;
  readonly #filter: string;
  readonly #unreleased = new Set<number>();
  #client: FakeClient | undefined;
  #packets: Packet[] = [];

  constructor(clientId: string, filter: string) {
    this.#clientId = clientId;
    this.#filter = filter;
  }

  async connect(world: World): Promise<void> {
    this.#packets = [];
    this.#client = await world.connected({ clientId: this.#clientId, clean: false });
    if (this.#client.sessionPresent) return;
    await this.#client.exchange(subscribe(1, [this.#filter, 2]));
  }

  async lose(): Promise<void> {
    await this.#client?.lose();
  }

  /** Takes up to `count` packets; returns how many there were. */
  step(count: number): number {
    this.#packets.push(...(this.#client?.take() ?? []));
    const taken = this.#packets.splice(0, count);
    for (const packet of taken) this.#read(packet);
    return taken.length;
  }

  #read(packet: Packet): void {
    if (packet.type === 'pubrel') {
      this.#unreleased.delete(packet.id);
      this.#client?.socket.feed(pubcomp(packet.id));
      return;
    }
    if (packet.type !== 'publish') return;
    const { id, qos, topic, payload } = packet;
    if (qos === 2 && this.#unreleased.has(id)) {
      this.#client?.socket.feed(pubrec(id));
      return;
    }
    const known = this.delivered.get(topic);
    if (known === undefined) this.delivered.set(topic, [payload.toString()]);
    else known.push(payload.toString());
    if (qos === 2) this.#unreleased.add(id);
    this.#client?.socket.feed(qos === 2 ? pubrec(id) : puback(id));
  }
}
