import { isUtf8 } from 'node:buffer';
import { announcesUtf8 } from '../codec/payload-format.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { readPublishProperties } from '../codec/publish-properties.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { RefusingPort } from './rate-limited-receiver.ts';

/**
 * Stands before the receiver of a MQTT 5 connection where payloads are checked: one that is not the UTF-8
 * which its indicator says is refused with 0x99 (§3.3.2.3.2). Without the check there is no such thing in
 * the path. U+0000, which no text of MQTT itself may have, is UTF-8 like any other.
 */
export class FormatCheckedReceiver implements RefusingPort {
  readonly #receiver: RefusingPort;

  constructor(receiver: RefusingPort) {
    this.#receiver = receiver;
  }

  /** @throws MqttProtocolError at QoS 0, which has no other answer than DISCONNECT */
  receive(chunk: Buffer, start: number, bodyStart: number, end: number): void {
    const qos = ((chunk[start] as number) >> 1) & 0b11;
    if (isWellFormed(chunk, bodyStart, end, qos)) {
      this.#receiver.receive(chunk, start, bodyStart, end);
      return;
    }
    if (qos === 0) {
      throw new MqttProtocolError(ReasonCode.PAYLOAD_FORMAT_INVALID, 'the payload is not UTF-8');
    }
    this.refuse(chunk, start, bodyStart, end, ReasonCode.PAYLOAD_FORMAT_INVALID);
  }

  refuse(chunk: Buffer, start: number, bodyStart: number, end: number, reasonCode: number): void {
    this.#receiver.refuse(chunk, start, bodyStart, end, reasonCode);
  }
}

/** Whether the payload is what it is said to be; so is one of a packet that the receiver will find wrong. */
function isWellFormed(chunk: Buffer, bodyStart: number, end: number, qos: number): boolean {
  const topicStart = bodyStart + 2;
  if (topicStart > end) return true;
  const topicEnd = topicStart + chunk.readUInt16BE(bodyStart);
  const propertiesStart = topicEnd + (qos === 0 ? 0 : 2);
  if (propertiesStart >= end || chunk[propertiesStart] === 0) return true;
  const { stored, bytes } = readPublishProperties(chunk, propertiesStart, end);
  return !announcesUtf8(stored) || isUtf8(chunk.subarray(propertiesStart + bytes, end));
}
