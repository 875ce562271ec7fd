import { connect, publish, pubrel, type Packet, type PublishFields } from '../helpers/packets.ts';
import { PacketLink } from '../helpers/packet-link.ts';
import type { CrashWorld } from './crash-world.ts';
import { payloadOf } from './stream-check.ts';

const WINDOW = 10;
const SEND_INTERVAL_MS = 2;
const RECONNECT_MS = 10;
const MAX_ID = 65_535;

interface Outgoing {
  readonly fields: PublishFields & { readonly id: number };
  /** QoS 2: PUBREC has come, so PUBREL is to be sent and PUBLISH never again. */
  isReleased: boolean;
}

/** A publisher that sends a whole window as soon as all of the one before is acknowledged. */
export interface Bunches {
  readonly window: number;
  /** Added to each payload. */
  readonly padding: string;
}

/**
 * A publisher that follows MQTT 3.1.1 over any number of lost connections: what has no PUBACK or PUBREC
 * is sent again with DUP and its id, what has a PUBREC gets its PUBREL again, all in the first order
 * [MQTT-4.4.0-1] [MQTT-4.6.0-1].
 */
export class CrashPublisher {
  readonly name: string;
  readonly #qos: 1 | 2;
  readonly #topics: readonly string[];
  readonly #world: CrashWorld;
  readonly #bunches: Bunches | undefined;
  readonly #outgoing = new Map<number, Outgoing>();
  /** Messages sent per topic. */
  readonly sent: Map<string, number> = new Map();
  #lastId = 0;
  #link: PacketLink | undefined;
  #isConnected = false;
  #wasConnected = false;
  #isProducing = true;
  #isEnded = false;
  acknowledged = 0;

  /** @param bunches unless given, a message every now and then */
  constructor(
    world: CrashWorld,
    name: string,
    qos: 1 | 2,
    topics: readonly string[],
    bunches?: Bunches,
  ) {
    this.#world = world;
    this.#bunches = bunches;
    this.name = name;
    this.#qos = qos;
    this.#topics = topics;
    this.#connect();
    this.#produce();
  }

  /** Sends nothing new from now on; true once everything sent is acknowledged. */
  finish(): boolean {
    this.#isProducing = false;
    return this.#outgoing.size === 0;
  }

  end(): void {
    this.#isEnded = true;
    this.#isProducing = false;
    this.#link?.drop();
  }

  #connect(): void {
    const { life } = this.#world;
    const link = new PacketLink(this.#world.address, {
      onOpen: () => {
        link.send(connect({ clientId: this.name, clean: false }));
      },
      onPacket: (packet) => {
        this.#receive(packet);
      },
      onClose: () => {
        if (this.#isConnected && !this.#isEnded && this.#world.isUnexplainedClose(life)) {
          this.#world.violation(`${this.name}: the server closed the connection`);
        }
        this.#isConnected = false;
        if (!this.#isEnded) {
          setTimeout(() => {
            this.#connect();
          }, RECONNECT_MS);
        }
      },
    });
    this.#link = link;
  }

  #receive(packet: Packet): void {
    switch (packet.type) {
      case 'connack':
        this.#resume(packet.sessionPresent, packet.code);
        return;
      case 'puback':
      case 'pubcomp':
        this.#complete(packet.id, packet.type);
        return;
      case 'pubrec':
        this.#release(packet.id);
        return;
      default:
        this.#world.violation(`${this.name}: unexpected ${packet.type}`);
    }
  }

  #resume(sessionPresent: boolean, code: number): void {
    if (this.#world.isAskedToComeAgain(code)) return;
    if (code !== 0) this.#world.violation(`${this.name}: CONNACK ${code}`);
    if (this.#wasConnected && !sessionPresent) this.#world.violation(`${this.name}: session lost`);
    this.#isConnected = true;
    this.#wasConnected = true;
    for (const { fields, isReleased } of this.#outgoing.values()) {
      this.#link?.send(isReleased ? pubrel(fields.id) : publish({ ...fields, dup: true }));
    }
  }

  #complete(id: number, type: 'puback' | 'pubcomp'): void {
    const outgoing = this.#outgoing.get(id);
    const isDue = type === 'puback' ? this.#qos === 1 : outgoing?.isReleased === true;
    if (outgoing === undefined || !isDue) {
      this.#world.violation(`${this.name}: ${type} ${id} was not due`);
      return;
    }
    this.#outgoing.delete(id);
    this.acknowledged += 1;
    if (this.#bunches !== undefined && this.#outgoing.size === 0) this.#fillWindow();
  }

  #release(id: number): void {
    const outgoing = this.#outgoing.get(id);
    if (outgoing === undefined) {
      this.#world.violation(`${this.name}: PUBREC ${id} was not due`);
      return;
    }
    outgoing.isReleased = true;
    this.#link?.send(pubrel(id));
  }

  #produce(): void {
    if (!this.#isProducing) return;
    if (this.#bunches === undefined || this.#outgoing.size === 0) this.#fillWindow();
    setTimeout(() => {
      this.#produce();
    }, SEND_INTERVAL_MS);
  }

  #fillWindow(): void {
    const window = this.#bunches?.window ?? WINDOW;
    while (this.#isProducing && this.#isConnected && this.#outgoing.size < window)
      this.#publishNext();
  }

  #publishNext(): void {
    do this.#lastId = (this.#lastId % MAX_ID) + 1;
    while (this.#outgoing.has(this.#lastId));
    const topic = this.#world.random.pick(this.#topics);
    const sequence = (this.sent.get(topic) ?? 0) + 1;
    this.sent.set(topic, sequence);
    const text = payloadOf(this.name, topic, sequence);
    const payload = this.#bunches === undefined ? text : `${text} ${this.#bunches.padding}`;
    const fields = { topic, payload, qos: this.#qos, id: this.#lastId };
    this.#outgoing.set(fields.id, { fields, isReleased: false });
    this.#link?.send(publish(fields));
  }
}
