import { damaged } from './byte-damage.ts';
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
const MAX_PAYLOAD = 300;

/** Makes packets that are right, nearly right and plain noise. */
export interface Fuzzer {
  /** A CONNECT that a server accepts. */
  connect(): Buffer;
  /** Any packet of a client, right in itself. */
  valid(): Buffer;
  /** A packet with one to four faults. */
  mutated(): Buffer;
  /** Bytes without any meaning, or a random body behind a good fixed header. */
  noise(): Buffer;
}

/** Packets of MQTT 3.1.1. */
export class PacketFuzzer implements Fuzzer {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  connect(): Buffer {
    const random = this.#random;
    return connect({
      clientId: `fuzz-${random.below(CLIENTS)}`,
      clean: random.chance(0.7),
      keepAlive: random.below(100),
      ...(random.chance(0.2) ? { will: { topic: 'fuzz/will', payload: 'w', qos: 1 } } : {}),
    });
  }

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

  mutated(): Buffer {
    let bytes = this.#random.chance(0.1) ? this.connect() : this.valid();
    const faults = 1 + this.#random.below(4);
    for (let i = 0; i < faults; i++) bytes = damaged(this.#random, bytes);
    return bytes;
  }

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
}
