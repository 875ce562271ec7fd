import type { MessageHead } from '../../lmq/spi/message-head.ts';
import { NO_EXPIRY, RECORD_RETAIN } from '../../lmq/spi/record.ts';
import { AckByte } from '../codec/ack-byte.ts';
import type { LastProperties } from '../codec/last-properties.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';

const NO_PROPERTIES = Buffer.alloc(0);
const DUP = 0x08;
const RETAIN = 0x01;

const NO_PUBLISHER = Buffer.alloc(0);

/**
 * The PUBLISH at hand: what it says and where its parts lie in the chunk, which it does not hold on to. One object for
 * the packets of all connections, which are handled one after the other: reading one allocates nothing, and a connection
 * has no memory for it.
 */
export class IncomingPublish implements MessageHead {
  publisher: Buffer = NO_PUBLISHER;
  /** First byte of the fixed header. */
  first = 0;
  qos = 0;
  flags = 0;
  /** At QoS 1 and 2. */
  packetId = 0;
  topicStart = 0;
  topicEnd = 0;
  payloadStart = 0;
  /** One past the payload. */
  end = 0;
  /** 0 for none. */
  topicAlias = 0;
  properties: Buffer = NO_PROPERTIES;
  expirySeconds: number = NO_EXPIRY;
  /** No properties at all, an alias among them: the bytes can go out as they came. */
  isBare = true;

  get isRetain(): boolean {
    return (this.first & RETAIN) !== 0;
  }

  get isDup(): boolean {
    return (this.first & DUP) !== 0;
  }

  get payloadBytes(): number {
    return this.end - this.payloadStart;
  }

  /** PUBACK or PUBREC, as its QoS wants; at QoS 0 there is no answer. */
  get ack(): AckByte {
    return this.qos === 1 ? AckByte.PUBACK : AckByte.PUBREC;
  }

  /**
   * Turns to `chunk[start, end)`, whose variable header begins at `bodyStart`. In MQTT 5 `readProperties` follows: until
   * then the payload begins with them.
   * @param publisher client id, UTF-8
   * @throws MqttProtocolError MALFORMED_PACKET
   */
  read(publisher: Buffer, chunk: Buffer, start: number, bodyStart: number, end: number): void {
    const first = chunk[start] as number;
    const qos = (first >> 1) & 0b11;
    if (qos === 3) throw malformed('PUBLISH with QoS 3 [MQTT-3.3.1-4]');
    const topicStart = bodyStart + 2;
    if (topicStart > end) throw malformed('PUBLISH without a topic');
    const topicEnd =
      topicStart + (((chunk[bodyStart] as number) << 8) | (chunk[bodyStart + 1] as number));
    const payloadStart = topicEnd + (qos === 0 ? 0 : 2);
    if (payloadStart > end) throw malformed('PUBLISH is cut short');
    this.publisher = publisher;
    this.first = first;
    this.qos = qos;
    this.flags = (first & RETAIN) === 0 ? qos : qos | RECORD_RETAIN;
    this.topicStart = topicStart;
    this.topicEnd = topicEnd;
    this.payloadStart = payloadStart;
    this.end = end;
    this.topicAlias = 0;
    this.properties = NO_PROPERTIES;
    this.expirySeconds = NO_EXPIRY;
    // A remaining length with a byte too many is not passed on (MQTT 3.1.1 allows it).
    this.isBare = chunk[bodyStart - 1] !== 0;
    if (qos !== 0) this.#readPacketId(chunk, topicEnd);
  }

  /**
   * Reads the properties of MQTT 5.
   * @param last of the connection
   * @throws MqttProtocolError as `LastProperties`, and for a PUBLISH with neither topic nor alias
   */
  readProperties(last: LastProperties, chunk: Buffer): void {
    const properties = last.read(chunk, this.payloadStart, this.end);
    this.isBare = properties.bytes === 1;
    this.properties = properties.stored;
    this.expirySeconds = properties.expirySeconds;
    this.topicAlias = properties.topicAlias;
    this.payloadStart += properties.bytes;
    if (this.topicEnd === this.topicStart && properties.topicAlias === 0) {
      throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'neither topic nor topic alias');
    }
  }

  #readPacketId(chunk: Buffer, at: number): void {
    this.packetId = ((chunk[at] as number) << 8) | (chunk[at + 1] as number);
    if (this.packetId === 0) throw malformed('PUBLISH with packet identifier 0 [MQTT-2.3.1-1]');
  }
}

function malformed(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.MALFORMED_PACKET, message);
}
