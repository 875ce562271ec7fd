import { MqttProtocolError } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';

/**
 * Finds packets in a chunk of bytes. One instance serves a whole thread: its fields hold the last packet
 * found until the next call, so that finding one allocates nothing.
 */
export class FrameReader {
  /** First byte of the variable header. */
  bodyStart = 0;
  /** One past the last byte of the packet; 0 while its fixed header is not complete. */
  end = 0;

  /**
   * Reads the fixed header at `position`. True when the whole packet lies before `limit`.
   * @param isShortest the remaining length must be in its shortest form: MQTT 5 demands it [MQTT5-1.5.5-1], 3.1.1 does not
   * @throws MqttProtocolError MALFORMED_PACKET for a remaining length of more than four bytes
   *   (§2.2.3), or one that is not in that form, PACKET_TOO_LARGE when the packet is over `maxPacketSize`, known from its header alone
   */
  next(
    buffer: Buffer,
    position: number,
    limit: number,
    maxPacketSize: number,
    isShortest = false,
  ): boolean {
    let at = position + 1;
    this.end = 0;
    if (at >= limit) return false;
    let byte = buffer[at++] as number;
    let remaining = byte & 0x7f;
    for (let shift = 7; (byte & 0x80) !== 0; shift += 7) {
      if (shift > 21) {
        throw new MqttProtocolError(
          ReasonCode.MALFORMED_PACKET,
          'remaining length has over four bytes',
        );
      }
      if (at >= limit) return false;
      byte = buffer[at++] as number;
      remaining |= (byte & 0x7f) << shift;
      if (byte === 0 && isShortest) {
        throw new MqttProtocolError(
          ReasonCode.MALFORMED_PACKET,
          'remaining length is not in its shortest form',
        );
      }
    }
    this.bodyStart = at;
    this.end = at + remaining;
    if (this.end - position > maxPacketSize) {
      throw new MqttProtocolError(
        ReasonCode.PACKET_TOO_LARGE,
        `packet of ${String(this.end - position)} bytes is over the limit of ${String(maxPacketSize)}`,
      );
    }
    return this.end <= limit;
  }
}
