import {
  connect,
  DISCONNECT,
  puback,
  pubcomp,
  pubrec,
  subscribe,
  type Packet,
  type Publish,
  type QoS,
} from '../helpers/packets.ts';
import { PacketLink } from '../helpers/packet-link.ts';
import type { CrashWorld } from './crash-world.ts';
import { StreamCheck } from './stream-check.ts';

const RECONNECT_MS = 10;
const MAX_ONLINE_MS = 400;
const MAX_OFFLINE_MS = 150;
const SUBSCRIBE_ID = 1;

/**
 * A persistent subscriber that comes and goes at random, with and without DISCONNECT. Like a correct
 * client it keeps the ids of unreleased QoS 2 messages over lost connections [MQTT-4.3.3-2].
 */
export class CrashSubscriber {
  readonly name: string;
  readonly streams: StreamCheck;
  readonly #world: CrashWorld;
  readonly #qos: 1 | 2;
  readonly #filters: readonly string[];
  readonly #unreleased = new Set<number>();
  readonly #received: (topic: string, payload: string, qos: QoS) => void;
  #link: PacketLink | undefined;
  #isConnected = false;
  #isSubscribed = false;
  #isLeaving = false;
  #isRestless = true;
  #isEnded = false;
  connections = 0;

  /** @param receive what to do with a message, when it is not to be in the order of its stream */
  constructor(
    world: CrashWorld,
    name: string,
    qos: 1 | 2,
    filters: readonly string[],
    receive?: (payload: string, qos: number) => void,
  ) {
    this.#world = world;
    this.name = name;
    this.#qos = qos;
    this.#filters = filters;
    this.streams = new StreamCheck((text) => {
      world.violation(`${name}: ${text}`);
    });
    this.#received =
      receive === undefined
        ? (topic, payload, messageQos) => {
            this.streams.accept(topic, payload, messageQos);
          }
        : (_topic, payload, messageQos) => {
            receive(payload, messageQos);
          };
    this.#connect();
  }

  /** True once SUBACK has come: from then on the server owes it every message. */
  get isSubscribed(): boolean {
    return this.#isSubscribed;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Stays connected from now on. */
  stay(): void {
    this.#isRestless = false;
  }

  end(): void {
    this.#isEnded = true;
    this.#link?.drop();
  }

  #connect(): void {
    const { life } = this.#world;
    this.#isLeaving = false;
    const link = new PacketLink(this.#world.address, {
      onOpen: () => {
        link.send(connect({ clientId: this.name, clean: false }));
      },
      onPacket: (packet) => {
        this.#receive(link, packet);
      },
      onClose: () => {
        const isExplained = this.#isLeaving || this.#isEnded || !this.#isConnected;
        if (!isExplained && this.#world.isUnexplainedClose(life)) {
          this.#world.violation(`${this.name}: the server closed the connection`);
        }
        this.#isConnected = false;
        if (this.#isEnded) return;
        const pause = this.#isLeaving ? this.#world.random.next() * MAX_OFFLINE_MS : RECONNECT_MS;
        setTimeout(() => {
          this.#connect();
        }, pause);
      },
    });
    this.#link = link;
  }

  #receive(link: PacketLink, packet: Packet): void {
    switch (packet.type) {
      case 'connack':
        this.#resume(link, packet.sessionPresent, packet.code);
        return;
      case 'suback':
        this.#isSubscribed = true;
        return;
      case 'publish':
        this.#accept(link, packet);
        return;
      case 'pubrel':
        this.#unreleased.delete(packet.id);
        link.send(pubcomp(packet.id));
        return;
      default:
        this.#world.violation(`${this.name}: unexpected ${packet.type}`);
    }
  }

  #resume(link: PacketLink, sessionPresent: boolean, code: number): void {
    if (this.#world.isAskedToComeAgain(code)) return;
    if (code !== 0) this.#world.violation(`${this.name}: CONNACK ${code}`);
    this.#isConnected = true;
    this.connections += 1;
    if (!sessionPresent) {
      if (this.#isSubscribed) this.#world.violation(`${this.name}: session lost`);
      this.#unreleased.clear();
    }
    if (!this.#isSubscribed) {
      link.send(subscribe(SUBSCRIBE_ID, ...this.#filters.map((f) => [f, this.#qos] as const)));
    }
    if (this.#isRestless) {
      setTimeout(() => {
        this.#leave(link);
      }, this.#world.random.next() * MAX_ONLINE_MS);
    }
  }

  #leave(link: PacketLink): void {
    if (link !== this.#link || !this.#isConnected || !this.#isRestless) return;
    this.#isLeaving = true;
    if (this.#world.random.chance(0.5)) {
      link.drop();
    } else {
      link.send(DISCONNECT);
      link.end();
    }
  }

  #accept(link: PacketLink, message: Publish): void {
    const { id, qos, topic } = message;
    if (qos === 2) {
      if (!this.#unreleased.has(id)) {
        this.#unreleased.add(id);
        this.#received(topic, message.payload.toString(), qos);
      }
      link.send(pubrec(id));
      return;
    }
    if (qos === 0) this.#world.violation(`${this.name}: QoS 0 for ${message.payload.toString()}`);
    this.#received(topic, message.payload.toString(), qos);
    link.send(puback(id));
  }
}
