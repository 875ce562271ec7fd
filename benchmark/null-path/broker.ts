// NOT a broker: lmqtt's sockets and codec with nothing behind them. Each PUBLISH is acknowledged at once and encoded
// for its subscribers; nothing is stored, no window, no session. The ceiling for what lies behind the sockets.
import { createServer } from 'node:net';
import { systemClock } from '../../src/common/clock.ts';
import { sameBytes } from '../../src/common/bytes/same-bytes.ts';
import { AckByte } from '../../src/gateway/codec/ack-byte.ts';
import { FrameReader } from '../../src/gateway/codec/frame.ts';
import { PacketType } from '../../src/gateway/codec/packet-type.ts';
import { ProtocolVersion } from '../../src/gateway/codec/protocol-version.ts';
import {
  encodeAck,
  encodePublish,
  encodePublish5,
} from '../../src/gateway/codec/publish-encoder.ts';
import { decodeSubscribe } from '../../src/gateway/codec/subscribe-packet.ts';
import { Connection } from '../../src/gateway/connection/connection.ts';
import { FlushQueue } from '../../src/gateway/connection/flush-queue.ts';
import { LingeringStreams } from '../../src/gateway/connection/lingering-streams.ts';
import { GatewayStats } from '../../src/gateway/gateway-stats.ts';
import { NO_EXPIRY } from '../../src/lmq/spi/record.ts';
import { HOST } from '../ready.ts';
import type { ConnectionOwner } from '../../src/gateway/connection/connection.ts';

const HIGH_WATER = 1024 * 1024;
const LARGEST = 1024 * 1024;
const { MQTT_5 } = ProtocolVersion;
const SHARE = /^\$share\/[^/]+\//;

const frame = new FrameReader();
const flushQueue = new FlushQueue();
const lingering = new LingeringStreams(systemClock);
const stats = new GatewayStats();

/** Members of a shared subscription, which get messages in turn. */
interface Group {
  readonly members: Client[];
  next: number;
}

/** Who gets what is published to one topic. */
class Topic {
  readonly all: Client[] = [];
  readonly group: Group;

  constructor(group: Group) {
    this.group = group;
  }
}

/** Keyed by the bytes of the name read as Latin-1. */
const topics = new Map<string, Topic>();
/** Keyed by all levels but the last, for which the shared subscription has a `+`. */
const groups = new Map<string, Group>();

const parentOf = (name: string): string => name.slice(0, name.lastIndexOf('/'));

function groupOf(parent: string): Group {
  let group = groups.get(parent);
  if (group === undefined) groups.set(parent, (group = { members: [], next: 0 }));
  return group;
}

function topicOf(key: string): Topic {
  let topic = topics.get(key);
  if (topic === undefined) topics.set(key, (topic = new Topic(groupOf(parentOf(key)))));
  return topic;
}

class Client implements ConnectionOwner {
  readonly connection: Connection;
  readonly #subscribed: Client[][] = [];
  #version: ProtocolVersion = ProtocolVersion.MQTT_3_1_1;
  #packetId = 0;
  #name: Buffer = Buffer.alloc(0);
  #topic: Topic = topicOf('/');

  constructor(connection: Connection) {
    this.connection = connection;
  }

  onBytes(chunk: Buffer): number {
    const limit = chunk.length;
    let position = 0;
    while (position < limit && frame.next(chunk, position, limit, LARGEST)) {
      const { bodyStart, end } = frame;
      this.#onPacket(chunk, position, bodyStart, end);
      position = end;
    }
    return position;
  }

  onDrain(): void {
    // What a slow subscriber has not taken waits in its socket: the generator's window limits it.
  }

  onClose(): void {
    for (const list of this.#subscribed) list.splice(list.indexOf(this), 1);
  }

  deliver(qos: number, topic: Buffer, chunk: Buffer, start: number, end: number): void {
    this.#packetId = this.#packetId === 0xffff ? 1 : this.#packetId + 1;
    const { out } = this.connection;
    const first = 0x30 | (qos << 1);
    const id = this.#packetId;
    if (this.#version === MQTT_5) {
      const none = topic.length;
      encodePublish5(out, first, id, topic, 0, none, topic, 0, 0, NO_EXPIRY, 0, chunk, start, end);
    } else {
      encodePublish(out, first, id, topic, 0, topic.length, chunk, start, end);
    }
    this.connection.wantFlush();
  }

  #onPacket(chunk: Buffer, start: number, bodyStart: number, end: number): void {
    const first = chunk[start] as number;
    switch (first >> 4) {
      case PacketType.PUBLISH:
        this.#onPublish(chunk, (first >> 1) & 0b11, bodyStart, end);
        break;
      case PacketType.CONNECT:
        this.#version = chunk[bodyStart + 6] as ProtocolVersion;
        this.#send(this.#version === MQTT_5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]);
        break;
      case PacketType.SUBSCRIBE:
        this.#onSubscribe(Buffer.from(chunk.subarray(start, end)));
        break;
      case PacketType.DISCONNECT:
        this.connection.end();
        break;
      case PacketType.PUBREC:
        this.#acknowledge(AckByte.PUBREL, chunk, bodyStart);
        break;
      case PacketType.PUBREL:
        this.#acknowledge(AckByte.PUBCOMP, chunk, bodyStart);
        break;
      default:
      // A last acknowledgement: nothing waits for it.
    }
  }

  #onSubscribe(packet: Buffer): void {
    const { packetId, subscriptions } = decodeSubscribe(packet, this.#version);
    for (const { filter } of subscriptions) {
      const name = Buffer.from(filter.replace(SHARE, '')).toString('latin1');
      const isShared = SHARE.test(filter);
      const list = isShared ? groupOf(parentOf(name)).members : topicOf(name).all;
      list.push(this);
      this.#subscribed.push(list);
    }
    const codes = subscriptions.map(() => 1);
    const body = [packetId >>> 8, packetId & 0xff, ...(this.#version === MQTT_5 ? [0] : [])];
    this.#send([0x90, body.length + codes.length, ...body, ...codes]);
  }

  #onPublish(chunk: Buffer, qos: number, bodyStart: number, end: number): void {
    const nameStart = bodyStart + 2;
    const nameEnd = nameStart + chunk.readUInt16BE(bodyStart);
    if (!sameBytes(this.#name, chunk, nameStart, nameEnd)) {
      this.#name = Buffer.from(chunk.subarray(nameStart, nameEnd));
      this.#topic = topicOf(chunk.toString('latin1', nameStart, nameEnd));
    }
    let payload = nameEnd;
    if (qos > 0) {
      this.#acknowledge(qos === 1 ? AckByte.PUBACK : AckByte.PUBREC, chunk, nameEnd);
      payload += 2;
    }
    if (this.#version === MQTT_5) payload += 1 + (chunk[payload] as number);
    const topic = this.#topic;
    for (const client of topic.all) client.deliver(qos, this.#name, chunk, payload, end);
    const { group } = topic;
    const { members } = group;
    if (members.length === 0) return;
    group.next = (group.next + 1) % members.length;
    members[group.next]?.deliver(qos, this.#name, chunk, payload, end);
  }

  /** @param at of the packet identifier in the chunk */
  #acknowledge(byte: AckByte, chunk: Buffer, at: number): void {
    encodeAck(this.connection.out, byte, chunk.readUInt16BE(at));
    this.connection.wantFlush();
  }

  #send(bytes: readonly number[]): void {
    this.connection.out.append(Buffer.from(bytes), 0, bytes.length);
    this.connection.wantFlush();
  }
}

createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
  const connection = new Connection(socket, flushQueue, lingering, stats, HIGH_WATER);
  connection.open(new Client(connection));
}).listen(Number(process.argv[2]), HOST, 4096);
