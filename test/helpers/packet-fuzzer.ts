import {
  connect,
  DISCONNECT,
  frame,
  PINGREQ,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  subscribe,
  unsubscribe,
  type QoS,
} from './packets.ts';
import type { Random } from './random.ts';

const TOPICS = [
  'fuzz',
  'fuzz/a',
  'fuzz/a/b',
  '/fuzz',
  'fuzz//',
  '$fuzz/a',
  'fuzz/ü',
  't/p2p/fuzz-1',
];
const FILTERS = [...TOPICS, 'fuzz/#', 'fuzz/+', '+/a', '#', '+/+/b', 'fuzz/+/#', '$fuzz/#'];
const CLIENTS = 20;
const EDGE_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x10, 0x30, 0x36, 0x82, 0xf0];
const MAX_PAYLOAD = 300;

/** Makes packets that are right, nearly right and plain noise. */
export class PacketFuzzer {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A CONNECT that a server accepts. */
  connect(): Buffer {
    const random = this.#random;
    return connect({
      clientId: `fuzz-${random.below(CLIENTS)}`,
      clean: random.chance(0.7),
      keepAlive: random.below(100),
      ...(random.chance(0.2) ? { will: { topic: 'fuzz/will', payload: 'w', qos: 1 } } : {}),
    });
  }

  /** Any packet of a client, right in itself. */
  valid(): Buffer {
    const random = this.#random;
    const id = random.chance(0.9) ? 1 + random.below(30) : 1 + random.below(65_535);
    const makers: readonly (() => Buffer)[] = [
      () => this.#publish(id),
      () => this.#publish(id),
      () => this.#publish(id),
      () =>
        subscribe(
          id,
          [random.pick(FILTERS), random.below(3)],
          [random.pick(FILTERS), random.below(3)],
        ),
      () => unsubscribe(id, random.pick(FILTERS)),
      () => puback(id),
      () => pubrec(id),
      () => pubrel(id),
      () => pubcomp(id),
      () => PINGREQ,
      () => (random.chance(0.1) ? DISCONNECT : PINGREQ),
      () => (random.chance(0.1) ? this.connect() : PINGREQ),
    ];
    return random.pick(makers)();
  }

  /** A packet with one to four faults. */
  mutated(): Buffer {
    let bytes = this.#random.chance(0.1) ? this.connect() : this.valid();
    const faults = 1 + this.#random.below(4);
    for (let i = 0; i < faults; i++) bytes = this.#damage(bytes);
    return bytes;
  }

  /** Bytes without any meaning, or a random body behind a good fixed header. */
  noise(): Buffer {
    const random = this.#random;
    const bytes = random.bytes(1 + random.below(60));
    return random.chance(0.5) ? bytes : frame(random.below(256), bytes);
  }

  #publish(id: number): Buffer {
    const random = this.#random;
    return publish({
      topic: random.pick(TOPICS),
      payload: Buffer.alloc(random.below(MAX_PAYLOAD), 0x66),
      qos: random.below(3) as QoS,
      id,
      dup: false,
      retain: random.chance(0.1),
    });
  }

  #damage(bytes: Buffer): Buffer {
    const random = this.#random;
    const at = random.below(bytes.length);
    const damages: readonly (() => Buffer)[] = [
      () => this.#replaced(bytes, at, bytes.readUInt8(at) ^ (1 << random.below(8))),
      () => this.#replaced(bytes, at, random.pick(EDGE_BYTES)),
      () => this.#replaced(bytes, Math.min(1, bytes.length - 1), random.below(256)),
      () => this.#replaced(bytes, 0, random.below(256)),
      () =>
        Buffer.concat([
          bytes.subarray(0, at),
          random.bytes(1 + random.below(4)),
          bytes.subarray(at),
        ]),
      () => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
      () => bytes.subarray(0, at + 1),
      () => Buffer.concat([bytes, bytes.subarray(at)]),
    ];
    const damaged = random.pick(damages)();
    return damaged.length > 0 ? damaged : bytes;
  }

  #replaced(bytes: Buffer, at: number, value: number): Buffer {
    const copy = Buffer.from(bytes);
    copy[at] = value;
    return copy;
  }
}
