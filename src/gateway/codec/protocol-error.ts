import { ErrorCode, LmqttError } from '../../common/errors.ts';
import type { LmqttErrorOptions } from '../../common/errors.ts';
import { ReasonCode } from './reason-code.ts';

/**
 * A peer broke the protocol or asked for what it may not have; the connection ends. `reasonCode` is what
 * MQTT 5 tells the peer; for MQTT 3.1.1 the connection is just closed [MQTT-4.8.0-1].
 */
export class MqttProtocolError extends LmqttError {
  readonly reasonCode: ReasonCode;

  constructor(reasonCode: ReasonCode, message: string, options?: LmqttErrorOptions) {
    super(ErrorCode.MQTT_PROTOCOL, message, options);
    this.reasonCode = reasonCode;
  }
}

/** A topic name with more levels or bytes than are allowed. */
export class TopicLimitError extends MqttProtocolError {
  constructor(message: string) {
    super(ReasonCode.TOPIC_NAME_INVALID, message);
  }
}

/** CONNECT with a known protocol name and a level that goes with it in no version [MQTT-3.1.2-2]. */
export class UnsupportedVersionError extends MqttProtocolError {
  readonly level: number;
  /** Shape of the CONNACK that the client understands [MQTT-3.1.2-2]. */
  readonly connackVersion: 4 | 5;

  /** @param isForm5 the rest of the packet is one of MQTT 5 */
  constructor(protocolName: string, level: number, isForm5 = false) {
    super(
      ReasonCode.UNSUPPORTED_PROTOCOL_VERSION,
      `protocol ${protocolName} level ${level} is not known`,
    );
    this.level = level;
    // Bit 7 of the level marks a bridge, not a version.
    this.connackVersion = (level & 0x7f) === 5 || isForm5 ? 5 : 4;
  }
}
