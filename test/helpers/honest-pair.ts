import { PacketLink } from './packet-link.ts';
import { connect, puback, publish, subscribe, type Packet } from './packets.ts';
import type { Address } from './raw-client.ts';

const INTERVAL_MS = 5;
const SUBSCRIBE_ID = 1;
const MAX_ID = 65_535;

/** A publisher and a subscriber at QoS 1 that go on quietly beside a test and note every disturbance. */
export class HonestPair {
  readonly #topic: string;
  readonly #sender: PacketLink;
  readonly #receiver: PacketLink;
  readonly #sentAt: number[] = [];
  readonly #latencies: number[] = [];
  readonly disturbances: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #acknowledged = 0;
  #isStopping = false;

  constructor(address: Address, name: string) {
    this.#topic = `honest/${name}`;
    this.#receiver = this.#open(address, `${name}-receiver`, (packet) => {
      this.#receive(packet);
    });
    this.#sender = this.#open(address, `${name}-sender`, (packet) => {
      if (packet.type === 'puback') this.#acknowledged += 1;
    });
  }

  get sent(): number {
    return this.#sentAt.length;
  }

  get received(): number {
    return this.#latencies.length;
  }

  /** Stops sending; true once everything is acknowledged and received. */
  finish(): boolean {
    clearInterval(this.#timer);
    return this.#acknowledged === this.sent && this.received === this.sent;
  }

  end(): void {
    this.#isStopping = true;
    clearInterval(this.#timer);
    this.#sender.drop();
    this.#receiver.drop();
  }

  /** Latency from publish to receipt that the given part of the messages kept, ms. */
  latencyMs(quantile: number): number {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? NaN;
  }

  #open(address: Address, clientId: string, onPacket: (packet: Packet) => void): PacketLink {
    const link: PacketLink = new PacketLink(address, {
      onOpen: () => {
        link.send(connect({ clientId, keepAlive: 0 }));
      },
      onPacket: (packet) => {
        if (packet.type === 'connack' && packet.code !== 0) {
          this.disturbances.push(`${clientId}: CONNACK ${packet.code}`);
        }
        if (packet.type === 'connack' && clientId.endsWith('-receiver')) {
          link.send(subscribe(SUBSCRIBE_ID, [this.#topic, 1]));
        }
        onPacket(packet);
      },
      onClose: () => {
        if (!this.#isStopping) this.disturbances.push(`${clientId} was disconnected`);
      },
    });
    return link;
  }

  #receive(packet: Packet): void {
    if (packet.type === 'suback') {
      this.#timer = setInterval(() => {
        this.#send();
      }, INTERVAL_MS);
    }
    if (packet.type !== 'publish') return;
    this.#receiver.send(puback(packet.id));
    const number = Number(packet.payload.toString());
    if (number !== this.received) {
      this.disturbances.push(`message ${number} came instead of ${this.received}`);
    }
    this.#latencies.push(performance.now() - (this.#sentAt[number] ?? NaN));
  }

  #send(): void {
    const number = this.sent;
    this.#sentAt.push(performance.now());
    const id = (number % MAX_ID) + 1;
    this.#sender.send(publish({ topic: this.#topic, payload: String(number), qos: 1, id }));
  }
}
