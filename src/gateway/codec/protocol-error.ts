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

/** CONNECT with a known protocol name and a level that goes with it in no version [MQTT-3.1.2-2]. */
export class UnsupportedVersionError extends MqttProtocolError {
  readonly level: number;

  constructor(protocolName: string, level: number) {
    super(
      ReasonCode.UNSUPPORTED_PROTOCOL_VERSION,
      `protocol ${protocolName} level ${level} is not known`,
    );
    this.level = level;
  }

  /**
   * Shape of the CONNACK: that of MQTT 5 for level 5 alone; any other level gets return code 1 of 3.1.1
   * [MQTT-3.1.2-2], as every client library knows it. Bit 7 of the level marks a bridge, not a version.
   */
  get connackVersion(): 4 | 5 {
    return (this.level & 0x7f) === 5 ? 5 : 4;
  }
}
