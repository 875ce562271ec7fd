import { LmqttError } from '../../common/errors.ts';
import { encodeConnack, encodeRefusal } from '../codec/encode-rare.ts';
import { MqttProtocolError, UnsupportedVersionError } from '../codec/protocol-error.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { ChannelState, type ProtocolChannel } from './protocol-channel.ts';

/** Reason code of the DISCONNECT that a MQTT 5 client gets for an error (§3.14.2.1). */
export function disconnectReasonOf(error: unknown): number {
  return error instanceof MqttProtocolError ? error.reasonCode : ReasonCode.UNSPECIFIED_ERROR;
}

/** What is not the client's fault is in the log, and is nothing to tell it. */
export function publicReasonOf(error: unknown): string {
  return error instanceof MqttProtocolError ? error.message : 'internal error';
}

/**
 * Turns an error into the packet that the protocol version has for it; the caller closes. MQTT 3.1.1
 * knows an answer for a failed CONNECT alone: CONNACK 1 to 5 [MQTT-3.2.2-5]; otherwise the close is the
 * answer [MQTT-4.8.0-1]. On an open connection of MQTT 5 the close is preceded by DISCONNECT.
 */
export function answerError(channel: ProtocolChannel, error: unknown): void {
  const { logger } = channel.context;
  if (error instanceof MqttProtocolError) {
    logger.debug(
      { peer: channel.remoteAddress, reasonCode: error.reasonCode, error: error.message },
      'protocol error',
    );
  } else {
    logger.error(
      {
        clientId: channel.principal.clientId,
        code: error instanceof LmqttError ? error.code : undefined,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      },
      'handling a packet failed',
    );
  }
  if (error instanceof UnsupportedVersionError) {
    channel.send(
      encodeConnack(
        false,
        error.reasonCode,
        error.connackVersion === 5 ? ProtocolVersion.MQTT_5 : ProtocolVersion.MQTT_3_1_1,
      ),
    );
    return;
  }
  // A malformed CONNECT is closed without an answer [MQTT-3.1.4-1]; state CONNECTING means that it was read.
  if (channel.state !== ChannelState.CONNECTING) return;
  const reasonCode =
    error instanceof MqttProtocolError ? error.reasonCode : ReasonCode.SERVER_UNAVAILABLE;
  const { version, maximumPacketSize } = channel;
  channel.send(encodeRefusal(reasonCode, version, publicReasonOf(error), maximumPacketSize));
}
