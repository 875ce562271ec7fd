import type { QoS } from '../../helpers/packets.ts';
import {
  ack5,
  connect5,
  decode5,
  subscribe5,
  type Connack5,
  type Connect5Fields,
  type Packet5,
  type Publish5,
  type SubscribeOptions,
} from '../../helpers/packets5.ts';
import { PacketSplitter } from '../../helpers/packet-splitter.ts';
import type { Properties } from '../../helpers/properties5.ts';
import { FakeSocket, turns } from './fake-socket.ts';
import type { FakeClient, World } from './gateway-world.ts';

/** A client of MQTT 5 over a socket in memory. */
export class FakeClient5 {
  readonly socket: FakeSocket;
  readonly #client: FakeClient;
  readonly #splitter = new PacketSplitter();
  #packets: Packet5[] = [];
  #connack: Connack5 | undefined;

  constructor(world: World, socket: FakeSocket = new FakeSocket()) {
    this.socket = socket;
    this.#client = world.open(socket);
  }

  get closed(): boolean {
    return this.#client.closed;
  }

  get channel(): FakeClient['channel'] {
    return this.#client.channel;
  }

  get connack(): Connack5 {
    if (this.#connack === undefined) throw new Error('no CONNACK has come');
    return this.#connack;
  }

  /** Sends CONNECT; what follows the CONNACK is returned by the next `take`. */
  async connect(fields: Partial<Connect5Fields>): Promise<this> {
    this.socket.feed(connect5({ clientId: 'c5', keepAlive: 0, ...fields }));
    await turns();
    const [first, ...rest] = this.take();
    if (first?.type !== 'connack') throw new Error('the first packet is not a CONNACK');
    this.#connack = first;
    this.#packets = rest;
    return this;
  }

  /** Sends, lets everything happen that follows, and returns what has come since the last call. */
  async exchange(...packets: readonly Buffer[]): Promise<Packet5[]> {
    if (packets.length > 0) this.socket.feed(...packets);
    await turns();
    return this.take();
  }

  take(): Packet5[] {
    this.#splitter.push(this.socket.takeSent(), (buffer, start, bodyStart, end) => {
      this.#packets.push(decode5(buffer[start]!, Buffer.from(buffer.subarray(bodyStart, end))));
    });
    const taken = this.#packets;
    this.#packets = [];
    return taken;
  }

  /** The PUBLISH packets among what has come. */
  async publishes(...packets: readonly Buffer[]): Promise<Publish5[]> {
    const received = await this.exchange(...packets);
    return received.filter((packet): packet is Publish5 => packet.type === 'publish');
  }

  /** Subscribes one filter and returns its SUBACK code; nothing else may come. */
  async subscribe(
    filter: string,
    qos: QoS,
    options: SubscribeOptions = {},
    list: Properties = [],
  ): Promise<number> {
    const packets = await this.exchange(subscribe5(1, [[filter, qos, options]], list));
    const [first] = packets;
    if (packets.length !== 1 || first?.type !== 'suback') throw new Error('no SUBACK');
    return first.codes[0]!;
  }

  /** Acknowledges QoS 1 deliveries. */
  async acknowledge(...publishes: readonly Publish5[]): Promise<Publish5[]> {
    return this.publishes(...publishes.map(({ id }) => ack5('puback', id)));
  }

  async lose(): Promise<void> {
    this.socket.destroy();
    await turns();
  }
}

/** A client of MQTT 5 whose CONNECT was accepted. */
export async function connected5(
  world: World,
  fields: Partial<Connect5Fields> = {},
): Promise<FakeClient5> {
  const client = await new FakeClient5(world).connect(fields);
  if (client.connack.code !== 0) throw new Error('CONNECT was not accepted');
  return client;
}

/** A client of MQTT 5 with one subscription. */
export async function subscribed5(
  world: World,
  fields: Partial<Connect5Fields>,
  filter: string,
  qos: QoS,
  options: SubscribeOptions = {},
  list: Properties = [],
): Promise<FakeClient5> {
  const client = await connected5(world, fields);
  const code = await client.subscribe(filter, qos, options, list);
  if (code !== qos) throw new Error(`SUBACK with code ${String(code)}`);
  return client;
}
