import { damaged } from './byte-damage.ts';
import type { Fuzzer } from './packet-fuzzer.ts';
import { frame, PINGREQ, type QoS } from './packets.ts';
import {
  ack5,
  auth5,
  connect5,
  disconnect5,
  publish5,
  subscribe5,
  type Subscription5,
  unsubscribe5,
} from './packets5.ts';
import type { Properties, Property, PropertyName } from './properties5.ts';
import type { Random } from './random.ts';

const TOPICS = ['fuzz', 'fuzz/a', 'fuzz/a/b', '/fuzz', 'fuzz//', '$fuzz/a', 't/p2p/fuzz5-1'];
const WILDCARDS = ['fuzz/#', 'fuzz/+', '+/a', '#', '+/+/b', '$fuzz/#'];
const SHARED = ['$share/g/fuzz/#', '$share/h/fuzz/a', '$queue/fuzz/+', '$share//a', '$share/g'];
const FILTERS = [...TOPICS, ...WILDCARDS, ...SHARED];
const CLIENTS = 20;
const ALIASES = 64;
const MAX_PAYLOAD = 300;
const CODES = [0x00, 0x04, 0x10, 0x18, 0x19, 0x80, 0x82, 0x87, 0x92, 0x97, 0xff];

/** Values that are right, at the edge and beyond it, for every property there is. */
const VALUES: Readonly<Record<PropertyName, readonly Property[1][]>> = {
  payloadFormat: [0, 1, 2, 255],
  messageExpiry: [0, 1, 100, 0xffff_ffff],
  contentType: ['', 'text/plain', 'a\0', 'x'.repeat(2000)],
  responseTopic: ['fuzz/answer', '', 'fuzz/#', '+', 'a\0'],
  correlationData: [Buffer.alloc(0), Buffer.from([0, 255, 10]), Buffer.alloc(2000, 1)],
  subscriptionId: [0, 1, 127, 128, 268_435_455],
  sessionExpiry: [0, 1, 100, 0xffff_ffff],
  assignedClientId: ['', 'fuzz5-1'],
  serverKeepAlive: [0, 1, 65_535],
  authMethod: ['', 'SCRAM-SHA-256', 'nonsense'],
  authData: [Buffer.alloc(0), Buffer.from('n,,n=user,r=nonce')],
  requestProblemInformation: [0, 1, 2],
  willDelay: [0, 1, 0xffff_ffff],
  requestResponseInformation: [0, 1, 2],
  responseInformation: ['', 'x'],
  serverReference: ['', 'elsewhere:1883'],
  reasonString: ['', 'because', 'x'.repeat(2000)],
  receiveMaximum: [0, 1, 10, 65_535],
  topicAliasMaximum: [0, 1, 65_535],
  topicAlias: [0, 1, 2, ALIASES, ALIASES + 1, 65_535],
  maximumQos: [0, 1, 2],
  retainAvailable: [0, 1, 2],
  user: [
    ['', ''],
    ['name', 'value'],
    ['a\0', 'b'],
  ],
  maximumPacketSize: [0, 1, 20, 1000, 0xffff_ffff],
  wildcardAvailable: [0, 1],
  subscriptionIdAvailable: [0, 1],
  sharedAvailable: [0, 1],
};
const NAMES = Object.keys(VALUES) as PropertyName[];

/** Packets of MQTT 5: faults in bytes, and properties that are doubled, out of place or out of range. */
export class PacketFuzzer5 implements Fuzzer {
  readonly #random: Random;
  /** Properties beyond the right ones for the packet that is being made. */
  #faults = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  connect(): Buffer {
    const random = this.#random;
    return connect5({
      clientId: random.chance(0.05) ? '' : `fuzz5-${random.below(CLIENTS)}`,
      clean: random.chance(0.6),
      keepAlive: random.below(100),
      ...(random.chance(0.2) ? { will: this.#will() } : {}),
      properties: this.#properties([
        ['sessionExpiry', random.below(100)],
        ['receiveMaximum', 1 + random.below(100)],
        ['maximumPacketSize', 100 + random.below(10_000)],
        ['topicAliasMaximum', random.below(20)],
        ['requestProblemInformation', random.below(2)],
        ['requestResponseInformation', random.below(2)],
        ['user', ['k', 'v']],
      ]),
    });
  }

  valid(): Buffer {
    const random = this.#random;
    const id = random.chance(0.9) ? 1 + random.below(30) : 1 + random.below(65_535);
    const makers: readonly (() => Buffer)[] = [
      () => this.#publish(id),
      () => this.#publish(id),
      () => this.#publish(id),
      () => this.#subscribe(id),
      () => unsubscribe5(id, [random.pick(FILTERS)], this.#properties([['user', ['k', 'v']]])),
      () => this.#ack('puback', id),
      () => this.#ack('pubrec', id),
      () => this.#ack('pubrel', id),
      () => this.#ack('pubcomp', id),
      () => PINGREQ,
      () => (random.chance(0.2) ? this.#disconnect() : PINGREQ),
      () => (random.chance(0.1) ? this.connect() : PINGREQ),
      () => (random.chance(0.1) ? this.#auth() : PINGREQ),
    ];
    return random.pick(makers)();
  }

  mutated(): Buffer {
    const random = this.#random;
    const faults = 1 + random.below(4);
    this.#faults = random.below(faults + 1);
    let bytes = random.chance(0.2) ? this.connect() : this.valid();
    for (let left = faults - this.#faults; left > 0; left--) bytes = damaged(random, bytes);
    this.#faults = 0;
    return bytes;
  }

  noise(): Buffer {
    const random = this.#random;
    const bytes = random.bytes(1 + random.below(60));
    return random.chance(0.5) ? bytes : frame(random.below(256), bytes);
  }

  #publish(id: number): Buffer {
    const random = this.#random;
    const alias: Properties = random.chance(0.3) ? [['topicAlias', 1 + random.below(ALIASES)]] : [];
    return publish5({
      topic: alias.length > 0 && random.chance(0.5) ? '' : random.pick(TOPICS),
      payload: Buffer.alloc(random.below(MAX_PAYLOAD), 0x66),
      qos: random.below(3) as QoS,
      id,
      retain: random.chance(0.1),
      properties: [...alias, ...this.#properties(this.#messageProperties())],
    });
  }

  #subscribe(id: number): Buffer {
    const random = this.#random;
    const one = (): Subscription5 => [
      random.pick(FILTERS),
      random.below(3) as QoS,
      {
        noLocal: random.chance(0.2),
        retainAsPublished: random.chance(0.3),
        retainHandling: random.below(3) as 0 | 1 | 2,
      },
    ];
    const list = this.#properties([['subscriptionId', 1 + random.below(300)]]);
    return subscribe5(id, [one(), one()], list);
  }

  #ack(type: Parameters<typeof ack5>[0], id: number): Buffer {
    const random = this.#random;
    if (random.chance(0.5) && this.#faults === 0) return ack5(type, id);
    return ack5(type, id, random.pick(CODES), this.#properties([['reasonString', 'x']]));
  }

  #disconnect(): Buffer {
    const list = this.#properties([['sessionExpiry', this.#random.below(100)]]);
    return disconnect5(this.#random.pick(CODES), list);
  }

  #auth(): Buffer {
    return auth5(this.#random.pick(CODES), this.#properties([['authMethod', 'SCRAM-SHA-256']]));
  }

  #will(): NonNullable<Parameters<typeof connect5>[0]['will']> {
    const random = this.#random;
    const list = [['willDelay', random.below(3)], ...this.#messageProperties()] as const;
    return {
      topic: 'fuzz/will',
      payload: 'w',
      qos: random.below(3) as QoS,
      retain: random.chance(0.1),
      properties: this.#properties(list),
    };
  }

  #messageProperties(): Properties {
    return [
      ['payloadFormat', 0],
      ['messageExpiry', this.#random.below(100)],
      ['contentType', 'text/plain'],
      ['responseTopic', 'fuzz/answer'],
      ['correlationData', Buffer.from([1, 2, 3])],
      ['user', ['k', 'v']],
      ['user', ['k', 'w']],
    ];
  }

  /** Some of the properties, and as many wrong ones as there are to be faults. */
  #properties(right: Properties): Properties {
    const random = this.#random;
    const list = right.filter(() => random.chance(0.3));
    for (let left = this.#faults; left > 0; left--) {
      const name = random.pick(NAMES);
      const property: Property =
        list.length > 0 && random.chance(0.3)
          ? random.pick(list)
          : [name, random.pick(VALUES[name])];
      list.splice(random.below(list.length + 1), 0, property);
    }
    return list;
  }
}
