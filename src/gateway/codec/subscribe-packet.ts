import { isSharedFilter, SHARED_PREFIX_LENGTH } from '../../common/topic/shared-filter.ts';
import { PacketType } from './packet-type.ts';
import { PropertyId, PropertySet } from './property-set.ts';
import { MqttProtocolError } from './protocol-error.ts';
import { ProtocolVersion } from './protocol-version.ts';
import { ReasonCode } from './reason-code.ts';
import { readPacketId, readerOfBody, type WireReader } from './wire-reader.ts';

export type QoS = 0 | 1 | 2;

/** When retained messages are sent (MQTT 5 §3.8.3.1): 0 always, 1 for a new subscription, 2 never. */
export type RetainHandling = 0 | 1 | 2;

/** One topic filter with its options. MQTT 3.1.1 has the QoS alone. */
export interface Subscription {
  /** A UTF-8 string that MQTT allows; whether it is a valid filter is the handler's question. */
  readonly filter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: RetainHandling;
}

export interface SubscribePacket {
  readonly packetId: number;
  /** 0 = none. */
  readonly subscriptionId: number;
  readonly subscriptions: readonly Subscription[];
  /** How many filters follow that were not decoded, because the limit was reached. */
  readonly surplus: number;
}

const SUBSCRIBE_FLAGS = 0b0010;
const QOS = 0b11;
const NO_LOCAL = 0b100;
const RETAIN_AS_PUBLISHED = 0b1000;
/** Bits to the right of it. */
const RETAIN_HANDLING = 4;

function readSubscriptionId(properties: PropertySet): number {
  const id = properties.number(PropertyId.SUBSCRIPTION_IDENTIFIER, undefined);
  if (id === 0) throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'subscription identifier 0');
  return id ?? 0;
}

/** @throws MqttProtocolError for options that no filter may have */
function checkOptions(options: number, version: ProtocolVersion): void {
  const reserved = version === ProtocolVersion.MQTT_5 ? 0b1100_0000 : 0b1111_1100;
  // MQTT 3.1.1 [MQTT-3.8.3-4], MQTT 5 [MQTT-3.8.3-5]
  if ((options & reserved) !== 0) {
    throw new MqttProtocolError(
      ReasonCode.MALFORMED_PACKET,
      'reserved subscription options are set',
    );
  }
  if ((options & QOS) === 3 || options >> RETAIN_HANDLING === 3) {
    throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'subscription option has the value 3');
  }
}

function noLocalOnShared(): MqttProtocolError {
  // MQTT 5 [MQTT5-3.8.3-4]
  return new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'no local on a shared subscription');
}

function readSubscription(reader: WireReader, version: ProtocolVersion): Subscription {
  const filter = reader.string('topic filter');
  const options = reader.u8('subscription options');
  checkOptions(options, version);
  const noLocal = (options & NO_LOCAL) !== 0;
  if (noLocal && isSharedFilter(filter)) throw noLocalOnShared();
  return {
    filter,
    qos: (options & QOS) as QoS,
    noLocal,
    retainAsPublished: (options & RETAIN_AS_PUBLISHED) !== 0,
    retainHandling: (options >> RETAIN_HANDLING) as RetainHandling,
  };
}

/** Checks as much of a subscription as `readSubscription` does. */
function skipSubscription(reader: WireReader, version: ProtocolVersion): void {
  const start = reader.skipString('topic filter');
  const end = reader.position;
  const options = reader.u8('subscription options');
  checkOptions(options, version);
  if ((options & NO_LOCAL) === 0) return;
  const prefixEnd = Math.min(end, start + SHARED_PREFIX_LENGTH);
  const prefix = reader.buffer.toString('latin1', start, prefixEnd);
  if (isSharedFilter(prefix)) throw noLocalOnShared();
}

/**
 * Decodes a SUBSCRIBE (MQTT 3.1.1 §3.8, MQTT 5 §3.8) from one complete packet.
 * @param most filters that are decoded; what comes behind them is checked and counted
 * @throws MqttProtocolError for anything that the specification does not allow
 */
export function decodeSubscribe(
  frame: Buffer,
  version: ProtocolVersion,
  most: number = Infinity,
): SubscribePacket {
  const reader = readerOfBody(frame, PacketType.SUBSCRIBE, SUBSCRIBE_FLAGS);
  const packetId = readPacketId(reader);
  const subscriptionId =
    version === ProtocolVersion.MQTT_5
      ? readSubscriptionId(PropertySet.read(reader, [PropertyId.SUBSCRIPTION_IDENTIFIER]))
      : 0;
  const subscriptions: Subscription[] = [];
  while (reader.remaining > 0 && subscriptions.length < most) {
    subscriptions.push(readSubscription(reader, version));
  }
  if (subscriptions.length === 0) {
    // MQTT 3.1.1 [MQTT-3.8.3-3], MQTT 5 [MQTT5-3.8.3-2]
    throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'SUBSCRIBE without a topic filter');
  }
  let surplus = 0;
  for (; reader.remaining > 0; surplus++) skipSubscription(reader, version);
  return { packetId, subscriptionId, subscriptions, surplus };
}
