import { readAck } from '../codec/ack-packet.ts';
import { decodeDisconnect } from '../codec/disconnect-packet.ts';
import { PINGRESP } from '../codec/encode-rare.ts';
import { packetTypeName, PacketType } from '../codec/packet-type.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { DUP_FLAG } from '../codec/publish-encoder.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { ChannelState, type ProtocolChannel } from './protocol-channel.ts';
import { handlePuback, handlePubcomp, handlePubrec, handlePubrel } from './handlers/acks.ts';
import { handleAuth } from './handlers/auth.ts';
import { handleConnect } from './handlers/connect.ts';
import { handleDisconnect } from './handlers/disconnect.ts';
import { handleSubscribe } from './handlers/subscribe.ts';
import { handleUnsubscribe } from './handlers/unsubscribe.ts';

const CONNECT_BYTE = 0x10;

/** Nothing but a CONNECT is buffered for a peer that has not authenticated [MQTT-3.1.0-1]. */
export function refuseBeforeConnect(chunk: Buffer): void {
  if (chunk[0] === CONNECT_BYTE) return;
  throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'the first packet is not a CONNECT');
}

/**
 * One packet to its handler: `chunk[start, end)` with the variable header at `bodyStart`. The rules on
 * the order of packets are here. @throws MqttProtocolError when the packet may not come now
 */
export function dispatch(
  channel: ProtocolChannel,
  chunk: Buffer,
  start: number,
  bodyStart: number,
  end: number,
): void {
  const first = chunk[start] as number;
  const type = first >> 4;
  if (channel.state !== ChannelState.CONNECTED) {
    dispatchFirst(channel, type, chunk.subarray(start, end));
    return;
  }
  if (type === PacketType.PUBLISH) {
    channel.publishReceiver.receive(chunk, start, bodyStart, end);
    return;
  }
  channel.context.stats.controlPacketsReceived++;
  switch (type) {
    case PacketType.PUBACK:
      handlePuback(channel, readAck(chunk, first, 0, bodyStart, end, channel.version));
      break;
    case PacketType.PUBREC:
      handlePubrec(channel, readAck(chunk, first, 0, bodyStart, end, channel.version));
      break;
    case PacketType.PUBREL:
      handlePubrel(
        channel,
        readAck(chunk, withoutDup(channel, first), 0b0010, bodyStart, end, channel.version),
      );
      break;
    case PacketType.PUBCOMP:
      handlePubcomp(channel, readAck(chunk, first, 0, bodyStart, end, channel.version));
      break;
    case PacketType.SUBSCRIBE:
      channel.forwardPending(chunk);
      channel.block(handleSubscribe(channel, ownCopy(channel, chunk, start, end)));
      break;
    case PacketType.UNSUBSCRIBE:
      channel.forwardPending(chunk);
      channel.block(handleUnsubscribe(channel, ownCopy(channel, chunk, start, end)));
      break;
    case PacketType.PINGREQ:
      expectEmpty(first, bodyStart, end);
      channel.send(PINGRESP); // [MQTT-3.12.4-1]
      break;
    case PacketType.DISCONNECT:
      handleDisconnect(channel, chunk.subarray(start, end));
      break;
    case PacketType.AUTH:
      // Its flags are wrong before it is unexpected [MQTT-3.15.1-1].
      if ((first & 0x0f) !== 0) expectEmpty(first, bodyStart, end);
      if (channel.authentication === undefined) throw notExpected(type); // [MQTT-4.12.0-7]
      handleAuth(channel, Buffer.from(chunk.subarray(start, end)));
      break;
    default:
      // A second CONNECT among them [MQTT-3.1.0-2].
      throw notExpected(type);
  }
}

/** MQTT 3.1 has DUP in PUBREL, SUBSCRIBE and UNSUBSCRIBE too, when they are sent again (its §2.1). */
function withoutDup(channel: ProtocolChannel, first: number): number {
  return channel.version === ProtocolVersion.MQTT_3_1 ? first & ~DUP_FLAG : first;
}

/** For a handler that outlives the chunk. */
function ownCopy(channel: ProtocolChannel, chunk: Buffer, start: number, end: number): Buffer {
  const frame = Buffer.from(chunk.subarray(start, end));
  frame[0] = withoutDup(channel, frame[0] as number);
  return frame;
}

function notExpected(type: number): MqttProtocolError {
  return new MqttProtocolError(
    ReasonCode.PROTOCOL_ERROR,
    `${packetTypeName(type)} is not expected on an open connection`,
  );
}

function dispatchFirst(channel: ProtocolChannel, type: number, packet: Buffer): void {
  const { stats } = channel.context;
  stats.controlPacketsReceived++;
  if (channel.authentication !== undefined) {
    dispatchBeforeConnack(channel, type, packet);
    return;
  }
  if (type !== PacketType.CONNECT || channel.state !== ChannelState.NEW) {
    throw new MqttProtocolError(
      ReasonCode.PROTOCOL_ERROR,
      `the first packet is ${packetTypeName(type)}, not CONNECT [MQTT-3.1.0-1]`,
    );
  }
  stats.connectsReceived++;
  channel.block(handleConnect(channel, Buffer.from(packet)));
}

/** Between CONNECT with an authentication method and its CONNACK [MQTT-3.1.2-30]. */
function dispatchBeforeConnack(channel: ProtocolChannel, type: number, packet: Buffer): void {
  if (type === PacketType.AUTH) {
    handleAuth(channel, Buffer.from(packet));
  } else if (type === PacketType.DISCONNECT) {
    decodeDisconnect(packet, channel.version);
    channel.close('disconnected by the client');
  } else {
    throw new MqttProtocolError(
      ReasonCode.PROTOCOL_ERROR,
      `${packetTypeName(type)} during authentication [MQTT-3.1.2-30]`,
    );
  }
}

function expectEmpty(first: number, bodyStart: number, end: number): void {
  if ((first & 0x0f) !== 0 || end !== bodyStart) {
    throw new MqttProtocolError(
      ReasonCode.MALFORMED_PACKET,
      `${packetTypeName(first >> 4)} with flags or a body [MQTT-2.2.2-2]`,
    );
  }
}
