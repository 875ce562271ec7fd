// One segment of messages encoded for many subscribers, beside mqtt-packet. Alone:
// node --import=ts-blank-space/register benchmark/micro/fan-out.bench.ts
import { Buffer } from 'node:buffer';
import mqttPacket from 'mqtt-packet';
import { OutBuffer } from '../../src/gateway/codec/out-buffer.ts';
import { PUBLISH_BYTE } from '../../src/gateway/codec/publish-encoder.ts';
import { encodeRecord } from '../../src/gateway/codec/record-encoder.ts';
import { slabPool } from '../../src/gateway/codec/slab-pool.ts';
import { templateOf } from '../../src/gateway/session/segment-template.ts';
import { NO_EXPIRY, recordSize, writeRecord } from '../../src/lmq/spi/record.ts';
import type { Segment } from '../../src/lmq/spi/types.ts';
import { report } from './measure.ts';
import type { Case } from './measure.ts';

const RECORDS = 100;
const SUBSCRIBERS = 50;
const TOPIC = 'bench/one';
const topic = Buffer.from(TOPIC);
const publisher = Buffer.from('bench-1');
const none = Buffer.alloc(0);
const payload = Buffer.alloc(16, 'x');

/** Keeps results alive, so that the compiler cannot drop the work. */
let sink = 0;

function segmentOf(records: number): Segment {
  const size = recordSize(topic.length, publisher.length, 0, payload.length);
  const buffer = Buffer.alloc(size * records);
  const positions = Array.from({ length: records }, (_, index) => index * size);
  for (const at of positions) {
    writeRecord(buffer, at, 1, topic, publisher, none, NO_EXPIRY, 0, 0, payload, 0, payload.length);
  }
  return { firstOffset: 0, count: records, buffer, positions, start: 0, memo: undefined };
}

const segment = segmentOf(RECORDS);
const outs = Array.from({ length: SUBSCRIBERS }, () => new OutBuffer());

function send(out: OutBuffer): void {
  out.drainTo((slab, length) => {
    sink += length;
    slabPool.give(slab);
  });
}

function encodeForAll(): void {
  segment.memo = undefined; // as for a segment that nobody has read yet
  for (const out of outs) {
    const template = templateOf(segment, segment.firstOffset, 1, false);
    if (template === undefined) {
      for (let i = 0; i < RECORDS; i++) {
        encodeRecord(out, PUBLISH_BYTE | 2, i + 1, segment.buffer, segment.positions[i] as number);
      }
    } else {
      const at = out.reserve(template.bytes.length);
      template.bytes.copy(out.slab, at);
      for (let i = 0; i < RECORDS; i++) {
        out.slab.writeUInt16BE(i + 1, at + (template.packetIdAt[i] as number));
      }
    }
    send(out);
  }
}

function generateForAll(): void {
  for (let subscriber = 0; subscriber < SUBSCRIBERS; subscriber++) {
    for (let messageId = 1; messageId <= RECORDS; messageId++) {
      sink += mqttPacket.generate({
        cmd: 'publish',
        topic: TOPIC,
        payload,
        qos: 1,
        messageId,
        dup: false,
        retain: false,
      }).length;
    }
  }
}

const operations = RECORDS * SUBSCRIBERS;
const own: Case = { name: 'lmqtt segment template', operations, run: encodeForAll };
const other: Case = { name: 'mqtt-packet generate', operations, run: generateForAll };
report([{ title: `encode ${RECORDS} PUBLISH QoS 1 for ${SUBSCRIBERS} subscribers`, own, other }]);
if (sink === 0) throw new Error('nothing was done');
