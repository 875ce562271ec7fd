import { expect } from 'chai';
import { IncomingPublish } from '../../../../src/gateway/channel/incoming-publish.ts';
import { FrameReader } from '../../../../src/gateway/codec/frame.ts';
import { AckByte } from '../../../../src/gateway/codec/ack-byte.ts';
import { LastProperties } from '../../../../src/gateway/codec/last-properties.ts';
import { MqttProtocolError } from '../../../../src/gateway/codec/protocol-error.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { NO_EXPIRY, RECORD_RETAIN } from '../../../../src/lmq/spi/record.ts';
import { hex, publish } from '../../../helpers/packets.ts';
import { publish5 } from '../../../helpers/packets5.ts';

const BEFORE = 3;
const PUBLISHER = Buffer.from('p');
const frame = new FrameReader();
const last = new LastProperties();

/** Reads a packet that lies behind other bytes of its chunk; returns the topic and the payload. */
function read(packet: IncomingPublish, bytes: Buffer, isVersion5 = false): [string, string] {
  const chunk = Buffer.concat([Buffer.alloc(BEFORE, '?'), bytes, Buffer.from('??')]);
  frame.next(chunk, BEFORE, BEFORE + bytes.length, Infinity);
  packet.read(PUBLISHER, chunk, BEFORE, frame.bodyStart, frame.end);
  if (isVersion5) packet.readProperties(last, chunk);
  return [
    chunk.toString('utf8', packet.topicStart, packet.topicEnd),
    chunk.toString('utf8', packet.payloadStart, packet.end),
  ];
}

function codeOf(run: () => unknown): number | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof MqttProtocolError) return error.reasonCode;
    throw error;
  }
  return undefined;
}

describe('gateway: IncomingPublish', () => {
  it('is the head of one message after another, with the parts where they lie', () => {
    const packet = new IncomingPublish();
    const first = publish({ topic: 'a/b', qos: 2, id: 0x1234, retain: true, payload: 'one' });
    expect(read(packet, first)).to.deep.equal(['a/b', 'one']);
    expect(packet).to.include({ qos: 2, flags: 2 | RECORD_RETAIN, packetId: 0x1234 });
    expect([packet.isRetain, packet.isDup, packet.payloadBytes]).to.deep.equal([true, false, 3]);
    expect(packet.ack).to.equal(AckByte.PUBREC);
    const second = publish({ topic: 'c', qos: 1, id: 7, dup: true });
    expect(read(packet, second)).to.deep.equal(['c', '']);
    expect(packet).to.include({ qos: 1, flags: 1, packetId: 7, expirySeconds: NO_EXPIRY });
    expect([packet.isRetain, packet.isDup, packet.payloadBytes]).to.deep.equal([false, true, 0]);
    expect(packet.ack).to.equal(AckByte.PUBACK);
    expect(read(packet, publish({ topic: 'd', payload: 'zero' }))).to.deep.equal(['d', 'zero']);
    expect(packet).to.include({ qos: 0, flags: 0, isBare: true });
    expect(packet.publisher.toString()).to.equal('p');
  });

  it('has the properties of the packet at hand, and none of the one before', () => {
    const packet = new IncomingPublish();
    const bytes = publish5({
      topic: 't',
      properties: [
        ['messageExpiry', 60],
        ['topicAlias', 3],
      ],
      payload: 'x',
    });
    expect(read(packet, bytes, true)).to.deep.equal(['t', 'x']);
    expect(packet).to.include({ expirySeconds: 60, topicAlias: 3, isBare: false });
    expect(read(packet, publish5({ topic: 't', payload: 'y' }), true)).to.deep.equal(['t', 'y']);
    expect(packet).to.include({ expirySeconds: NO_EXPIRY, topicAlias: 0, isBare: true });
    expect(packet.properties.length).to.equal(0);
    read(packet, bytes, true);
    read(packet, publish({ topic: 't', payload: 'z' }));
    expect(packet).to.include({ expirySeconds: NO_EXPIRY, topicAlias: 0, isBare: true });
    expect(packet.properties.length).to.equal(0);
  });

  it('refuses what is no PUBLISH', () => {
    const packet = new IncomingPublish();
    const malformed = ['36 05 00 01 74 00 01', '30 01 00', '30 03 00 05 74', '32 04 00 01 74 00'];
    // Identifier 0, which no message may have.
    malformed.push('32 05 00 01 74 00 00');
    for (const bytes of malformed) {
      const code = codeOf(() => read(packet, hex(bytes)));
      expect(code, bytes).to.equal(ReasonCode.MALFORMED_PACKET);
    }
    const nameless = publish5({ topic: '' });
    expect(codeOf(() => read(packet, nameless, true))).to.equal(ReasonCode.PROTOCOL_ERROR);
  });
});
