import { decodeDisconnect } from '../../codec/disconnect-packet.ts';
import { MqttProtocolError } from '../../codec/protocol-error.ts';
import { ReasonCode } from '../../codec/reason-code.ts';
import type { Session } from '../../session/session.ts';
import { limitSessionExpiry } from '../limit-session-expiry.ts';
import type { ProtocolChannel } from '../protocol-channel.ts';

/** DISCONNECT: the end that the client wants [MQTT-3.14.4-1]; it may change how long its session is kept. */
export function handleDisconnect(channel: ProtocolChannel, frame: Buffer): void {
  const { reasonCode, sessionExpirySeconds } = decodeDisconnect(frame, channel.version);
  const session = channel.session as Session;
  if (sessionExpirySeconds !== undefined) {
    const expirySeconds = limitSessionExpiry(sessionExpirySeconds, channel.context);
    if (expirySeconds > 0 && session.expirySeconds === 0) {
      throw new MqttProtocolError(
        ReasonCode.PROTOCOL_ERROR,
        'session expiry that CONNECT had set to 0 cannot be raised (MQTT 5 §3.14.2.2.2)',
      );
    }
    session.expirySeconds = expirySeconds;
  }
  if (channel.will !== undefined && reasonCode === ReasonCode.NORMAL_DISCONNECTION) {
    channel.context.wills.drop(session.clientId, channel.will); // [MQTT-3.1.2-10]
    channel.will = undefined;
  }
  const reason = 'disconnected by the client';
  channel.end = { isByClient: true, reasonCode, reason };
  channel.close(reason);
}
