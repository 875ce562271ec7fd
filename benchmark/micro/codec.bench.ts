// The gateway's codec beside mqtt-packet. Alone:
// node --import=ts-blank-space/register benchmark/micro/codec.bench.ts
import { Buffer } from 'node:buffer';
import mqttPacket from 'mqtt-packet';
import { FrameReader } from '../../src/gateway/codec/frame.ts';
import { ProtocolVersion } from '../../src/gateway/codec/protocol-version.ts';
import { encodePublish, PUBLISH_BYTE } from '../../src/gateway/codec/publish-encoder.ts';
import { decodeSubscribe } from '../../src/gateway/codec/subscribe-packet.ts';
import { OutBuffer } from '../../src/gateway/codec/out-buffer.ts';
import { slabPool } from '../../src/gateway/codec/slab-pool.ts';
import { report } from './measure.ts';
import type { Comparison } from './measure.ts';

/** Packets in one chunk, as a busy socket hands over. */
const COUNT = 1000;
const MAX_PACKET_SIZE = 65_536;
const topic = Buffer.from('bench/p/0');
const payload = Buffer.alloc(16, 'x');

const publish = mqttPacket.generate({
  cmd: 'publish',
  topic: topic.toString(),
  payload,
  qos: 1,
  messageId: 7,
  dup: false,
  retain: false,
});
const chunk = Buffer.concat(Array.from({ length: COUNT }, () => publish));
const subscribe = mqttPacket.generate({
  cmd: 'subscribe',
  messageId: 7,
  subscriptions: [
    { topic: 'bench/p/0', qos: 1 },
    { topic: 'bench/+/x', qos: 2 },
  ],
});

/** Keeps results alive, so that the compiler cannot drop the work. */
let sink = 0;

const frames = new FrameReader();

/** What the hot path reads of a PUBLISH: topic, packet identifier and payload, all in place. */
function readChunk(): void {
  let position = 0;
  while (frames.next(chunk, position, chunk.length, MAX_PACKET_SIZE)) {
    const topicStart = frames.bodyStart + 2;
    const topicEnd = topicStart + chunk.readUInt16BE(frames.bodyStart);
    if (chunk.compare(topic, 0, topic.length, topicStart, topicEnd) !== 0) throw new Error('topic');
    sink += chunk.readUInt16BE(topicEnd) + frames.end - topicEnd;
    position = frames.end;
    if (position === chunk.length) return;
  }
}

const parser = mqttPacket.parser();
parser.on('packet', (packet) => {
  sink += packet.length ?? 0;
});

const out = new OutBuffer();
const release = (slab: Buffer, length: number): void => {
  sink += length;
  slabPool.give(slab);
};

function encodeMany(): void {
  for (let id = 1; id <= COUNT; id++) {
    encodePublish(
      out,
      PUBLISH_BYTE | (1 << 1),
      id,
      topic,
      0,
      topic.length,
      payload,
      0,
      payload.length,
    );
  }
  out.drainTo(release);
}

function generateMany(): void {
  for (let messageId = 1; messageId <= COUNT; messageId++) {
    const packet = mqttPacket.generate({
      cmd: 'publish',
      topic: 'bench/p/0',
      payload,
      qos: 1,
      messageId,
      dup: false,
      retain: false,
    });
    sink += packet.length;
  }
}

const comparisons: readonly Comparison[] = [
  {
    title: 'read PUBLISH QoS 1, 16 B (topic compared, payload located in place)',
    own: { name: 'lmqtt FrameReader', operations: COUNT, run: readChunk },
    other: {
      name: 'mqtt-packet parser',
      operations: COUNT,
      run: () => {
        parser.parse(chunk);
      },
    },
  },
  {
    title: 'write PUBLISH QoS 1, 16 B',
    own: { name: 'lmqtt encodePublish', operations: COUNT, run: encodeMany },
    other: { name: 'mqtt-packet generate', operations: COUNT, run: generateMany },
  },
  {
    title: 'read SUBSCRIBE, two filters',
    own: {
      name: 'lmqtt decodeSubscribe',
      operations: 1,
      run: () => {
        sink += decodeSubscribe(subscribe, ProtocolVersion.MQTT_3_1_1).subscriptions.length;
      },
    },
    other: {
      name: 'mqtt-packet parser',
      operations: 1,
      run: () => {
        parser.parse(subscribe);
      },
    },
  },
];

report(comparisons);
if (sink === 0) throw new Error('nothing was done');
