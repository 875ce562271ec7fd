import { expect } from 'chai';
import fc from 'fast-check';
import type { QoS } from '../../helpers/packets.ts';
import {
  ack5,
  disconnect5,
  publish5,
  subscribe5,
  unsubscribe5,
  type Publish5,
} from '../../helpers/packets5.ts';
import { numberOf } from '../../helpers/properties5.ts';
import { connected5, type FakeClient5 } from '../../unit/gateway/fake-client5.ts';
import { World } from '../../unit/gateway/gateway-world.ts';

const TOPICS = ['a', 'a/', 'a/b', 'b', '/b'] as const;
const FILTERS = ['a', 'a/', 'a/b', 'a/+', '+', '+/b', '/+', 'a/#', '+/#', '#'] as const;
const CLIENTS = 3;
/** Seconds; longer than any run. */
const LONG = 1000;
const TRIES = 500;

interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly qos: QoS;
  readonly retain: boolean;
}
interface Options {
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
}
type Step = { readonly client: number } & (
  | { readonly kind: 'subscribe'; readonly entries: readonly (readonly [number, Options])[] }
  | { readonly kind: 'unsubscribe'; readonly filters: readonly number[] }
  | { readonly kind: 'publish'; readonly messages: readonly (readonly [number, QoS, Retain])[] }
  | {
      readonly kind: 'connect';
      readonly clean: boolean;
      readonly lasts: boolean;
      readonly will: Will;
    }
  | { readonly kind: 'leave'; readonly how: 'lose' | 'disconnect' | 'with will' }
);
type Retain = 'no' | 'yes' | 'empty';
type Will = readonly [number, QoS, boolean] | undefined;

const qos = fc.constantFrom<QoS>(0, 1, 2);
const client = fc.nat(CLIENTS - 1);
const topic = fc.nat(TOPICS.length - 1);
const filter = fc.nat(FILTERS.length - 1);
const options: fc.Arbitrary<Options> = fc.record({
  qos,
  noLocal: fc.boolean(),
  retainAsPublished: fc.boolean(),
  retainHandling: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
});
const retain = fc.constantFrom<Retain>('no', 'no', 'yes', 'empty');
const kind = <Kind extends string>(name: Kind): fc.Arbitrary<Kind> => fc.constant(name);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      client,
      kind: kind('subscribe'),
      entries: fc.uniqueArray(fc.tuple(filter, options), {
        minLength: 1,
        maxLength: 3,
        selector: ([number]) => number,
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      client,
      kind: kind('unsubscribe'),
      filters: fc.array(filter, { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      client,
      kind: kind('publish'),
      messages: fc.array(fc.tuple(topic, qos, retain), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      client,
      kind: kind('connect'),
      clean: fc.boolean(),
      lasts: fc.boolean(),
      will: fc.option(fc.tuple(topic, qos, fc.boolean()), { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      client,
      kind: kind('leave'),
      how: fc.constantFrom('lose', 'disconnect', 'with will'),
    }),
  },
);

/** [MQTT-4.7.1-2] [MQTT-4.7.1-3], word by word. */
function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true;
    if (levels[i] === undefined || (level !== '+' && level !== levels[i])) return false;
  }
  return wanted.length === levels.length;
}

/** What a client has to see of a delivery. The subscription's identifier is the number of its filter. */
function seen(message: Message, id: number): string {
  const { topic, payload, qos, retain } = message;
  return `${topic} ${payload} at ${qos}${retain ? ' retained' : ''} for ${id}`;
}

/** A client, and what the specification says that it has to get. */
class Device {
  readonly clientId: string;
  link: FakeClient5 | undefined;
  /** Undefined when the server has no session. */
  subscriptions: Map<number, Options> | undefined;
  lasts = false;
  will: Message | undefined;
  due: string[] = [];
  #lastId = 0;

  constructor(clientId: string) {
    this.clientId = clientId;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** The connection has ended; a session that is to last keeps what is due at QoS 1 and 2. */
  left(): void {
    this.link = undefined;
    if (!this.lasts) this.subscriptions = undefined;
  }

  deliver(message: Message, id: number, { qos, retainAsPublished }: Options, again: boolean): void {
    const effective = Math.min(message.qos, qos) as QoS;
    if (effective === 0 && this.link === undefined) return;
    const retain = again || (retainAsPublished && message.retain);
    this.due.push(seen({ ...message, qos: effective, retain }, id));
  }

  /** Acknowledges all that comes until nothing does any more. */
  async receive(): Promise<string[]> {
    const { link } = this;
    const received: Publish5[] = [];
    for (let packets = (await link?.exchange()) ?? []; link !== undefined && packets.length > 0;) {
      const answers: Buffer[] = [];
      for (const packet of packets) {
        if (packet.type === 'pubrel') answers.push(ack5('pubcomp', packet.id));
        if (packet.type !== 'publish') continue;
        expect(packet.dup, 'nothing is in flight when a connection ends').to.equal(false);
        received.push(packet);
        if (packet.qos > 0) answers.push(ack5(packet.qos === 1 ? 'puback' : 'pubrec', packet.id));
      }
      packets = await link.exchange(...answers);
    }
    return received.map((packet) => {
      const { topic, payload, qos, retain } = packet;
      const id = numberOf(packet.properties, 'subscriptionId') ?? -1;
      return seen({ topic, payload: payload.toString(), qos: qos as QoS, retain }, id - 1);
    });
  }
}

/** The server as the specification has it, beside the real one. */
class Model {
  readonly world: World = new World();
  readonly devices: readonly Device[] = Array.from(
    { length: CLIENTS },
    (_, i) => new Device(`client ${i}`),
  );
  readonly #retained = new Map<string, { readonly message: Message; readonly by: Device }>();
  #published = 0;

  message(topic: number, qos: QoS, retain: Retain): Message {
    const payload = retain === 'empty' ? '' : String(++this.#published);
    return { topic: TOPICS[topic] as string, payload, qos, retain: retain !== 'no' };
  }

  async play(next: Step): Promise<void> {
    const device = this.devices[next.client] as Device;
    if (next.kind === 'connect') {
      await this.#connect(device, next);
    } else if (device.link !== undefined) {
      if (next.kind === 'subscribe') await this.#subscribe(device, device.link, next.entries);
      else if (next.kind === 'unsubscribe') await this.#unsubscribe(device, next.filters);
      else if (next.kind === 'publish') await this.#publish(device, device.link, next.messages);
      else await this.#leave(device, device.link, next.how);
    }
    await this.check(JSON.stringify(next));
  }

  /** Everybody connected has what is due, all of one subscription and topic in order [MQTT-4.6.0-5]. */
  async check(context: string): Promise<void> {
    for (const device of this.devices) {
      if (device.link === undefined) continue;
      const received = await device.receive();
      expect(inStreams(received), `${device.clientId} after ${context}`).to.deep.equal(
        inStreams(device.due),
      );
      device.due = [];
    }
  }

  async #connect(
    device: Device,
    { clean, lasts, will }: Step & { readonly kind: 'connect' },
  ): Promise<void> {
    const hadConnection = device.link !== undefined;
    device.left();
    // [MQTT-3.1.4-2]: the connection before has ended without DISCONNECT.
    if (hadConnection) this.#sendWill(device);
    if (clean) device.subscriptions = undefined;
    const present = device.subscriptions !== undefined;
    if (!present) device.due = [];
    device.subscriptions ??= new Map();
    device.lasts = lasts;
    device.will =
      will === undefined ? undefined : this.message(will[0], will[1], will[2] ? 'yes' : 'no');
    device.link = await connected5(this.world, {
      clientId: device.clientId,
      clean,
      properties: lasts ? [['sessionExpiry', LONG]] : [],
      ...(device.will === undefined ? {} : { will: device.will }),
    });
    expect(device.link.connack.sessionPresent, 'session present').to.equal(present);
  }

  async #leave(device: Device, link: FakeClient5, how: string): Promise<void> {
    if (how === 'lose') await link.lose();
    else await link.exchange(disconnect5(how === 'disconnect' ? 0x00 : 0x04));
    device.left();
    if (how === 'disconnect') device.will = undefined;
    this.#sendWill(device);
  }

  #sendWill(device: Device): void {
    const { will } = device;
    device.will = undefined;
    if (will !== undefined) this.#route(will, device);
  }

  async #subscribe(
    device: Device,
    link: FakeClient5,
    entries: readonly (readonly [number, Options])[],
  ): Promise<void> {
    const subscriptions = device.subscriptions as Map<number, Options>;
    for (const [number, wanted] of entries) {
      const isNew = !subscriptions.has(number);
      subscriptions.set(number, wanted);
      const name = FILTERS[number] as string;
      // Each has an identifier of its own, so that it is known what came for which.
      const packet = subscribe5(1, [[name, wanted.qos, wanted]], [['subscriptionId', number + 1]]);
      link.socket.feed(packet);
      if (wanted.retainHandling === 2 || (wanted.retainHandling === 1 && !isNew)) continue;
      for (const { message, by } of this.#retained.values()) {
        if (!matches(name, message.topic) || (wanted.noLocal && by === device)) continue;
        device.deliver(message, number, wanted, true);
      }
    }
    await Promise.resolve();
  }

  async #unsubscribe(device: Device, filters: readonly number[]): Promise<void> {
    for (const number of filters) device.subscriptions?.delete(number);
    const names = filters.map((number) => FILTERS[number] as string);
    device.link?.socket.feed(unsubscribe5(2, names));
    await Promise.resolve();
  }

  async #publish(
    device: Device,
    link: FakeClient5,
    messages: readonly (readonly [number, QoS, Retain])[],
  ): Promise<void> {
    for (const [topic, qos, retain] of messages) {
      const message = this.message(topic, qos, retain);
      this.#route(message, device);
      const id = device.nextId();
      link.socket.feed(publish5({ ...message, id }));
      if (qos === 2) link.socket.feed(ack5('pubrel', id));
    }
    await Promise.resolve();
  }

  #route(message: Message, by: Device): void {
    if (message.retain && message.payload === '') this.#retained.delete(message.topic);
    else if (message.retain) this.#retained.set(message.topic, { message, by });
    for (const device of this.devices) {
      for (const [number, wanted] of device.subscriptions ?? []) {
        if (!matches(FILTERS[number] as string, message.topic)) continue;
        if (wanted.noLocal && device === by) continue;
        device.deliver(message, number, wanted, false);
      }
    }
  }
}

/** By subscription, topic, QoS and RETAIN, each in its order: nothing is promised between them. */
function inStreams(deliveries: readonly string[]): Record<string, string[]> {
  const streams: Record<string, string[]> = {};
  for (const delivery of [...deliveries]) {
    const [topic = '', payload = '', ...rest] = delivery.split(' ');
    (streams[`${topic} ${rest.join(' ')}`] ??= []).push(payload);
  }
  return streams;
}

describe('property: subscriptions of MQTT 5 deliver what the specification says', () => {
  it('whatever their options, retained messages, wills and connections', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const model = new Model();
        for (const [i] of model.devices.entries()) {
          const first = { kind: 'connect', client: i, clean: true, lasts: i > 0 } as const;
          await model.play({ ...first, will: undefined });
        }
        for (const next of steps) await model.play(next);
        expect(model.world.stats.protocolErrors).to.equal(0);
      }),
      { numRuns: TRIES },
    );
  });
});
