import { readAck } from '../codec/ack-packet.ts';
import { PINGRESP } from '../codec/encode-rare.ts';
import { packetTypeName, PacketType } from '../codec/packet-type.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { ChannelState, type ProtocolChannel } from './protocol-channel.ts';
import { handlePuback, handlePubcomp, handlePubrec, handlePubrel } from './handlers/acks.ts';
import { handleConnect } from './handlers/connect.ts';
import { handleDisconnect } from './handlers/disconnect.ts';
import { handleSubscribe } from './handlers/subscribe.ts';
import { handleUnsubscribe } from './handlers/unsubscribe.ts';

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
  switch (type) {
    case PacketType.PUBLISH:
      channel.publishReceiver.receive(chunk, start, bodyStart, end);
      break;
    case PacketType.PUBACK:
      handlePuback(channel, readAck(chunk, first, 0, bodyStart, end, channel.version));
      break;
    case PacketType.PUBREC:
      handlePubrec(channel, readAck(chunk, first, 0, bodyStart, end, channel.version));
      break;
    case PacketType.PUBREL:
      handlePubrel(channel, readAck(chunk, first, 0b0010, bodyStart, end, channel.version));
      break;
    case PacketType.PUBCOMP:
      handlePubcomp(channel, readAck(chunk, first, 0, bodyStart, end, channel.version));
      break;
    case PacketType.SUBSCRIBE:
      channel.forwardPending(chunk);
      channel.block(handleSubscribe(channel, Buffer.from(chunk.subarray(start, end))));
      break;
    case PacketType.UNSUBSCRIBE:
      channel.forwardPending(chunk);
      channel.block(handleUnsubscribe(channel, Buffer.from(chunk.subarray(start, end))));
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
      throw notExpected(type);
    default:
      // A second CONNECT among them [MQTT-3.1.0-2].
      throw notExpected(type);
  }
}

function notExpected(type: number): MqttProtocolError {
  return new MqttProtocolError(
    ReasonCode.PROTOCOL_ERROR,
    `${packetTypeName(type)} is not expected on an open connection`,
  );
}

function dispatchFirst(channel: ProtocolChannel, type: number, packet: Buffer): void {
  if (type !== PacketType.CONNECT || channel.state !== ChannelState.NEW) {
    throw new MqttProtocolError(
      ReasonCode.PROTOCOL_ERROR,
      `the first packet is ${packetTypeName(type)}, not CONNECT [MQTT-3.1.0-1]`,
    );
  }
  channel.block(handleConnect(channel, Buffer.from(packet)));
}

function expectEmpty(first: number, bodyStart: number, end: number): void {
  if ((first & 0x0f) !== 0 || end !== bodyStart) {
    throw new MqttProtocolError(
      ReasonCode.MALFORMED_PACKET,
      `${packetTypeName(first >> 4)} with flags or a body [MQTT-2.2.2-2]`,
    );
  }
}
