import { AckByte } from '../../codec/ack-byte.ts';
import type { Ack } from '../../codec/ack-packet.ts';
import { MqttProtocolError } from '../../codec/protocol-error.ts';
import { ProtocolVersion } from '../../codec/protocol-version.ts';
import { isFailure, ReasonCode } from '../../codec/reason-code.ts';
import { DeliveryState } from '../../session/inflight-window.ts';
import type { Session } from '../../session/session.ts';
import type { Lane } from '../../../lmq/spi/lane.ts';
import type { CommitNumber } from '../../../lmq/spi/types.ts';
import type { ProtocolChannel } from '../protocol-channel.ts';

/** Of one without a reason code. */
const PUBACK_BYTES = 4;

/**
 * The acknowledgements. One for an identifier that is not in flight is ignored, but for PUBREC and
 * PUBREL, whose sender waits for an answer: it may belong to a session that we have lost.
 */

/** PUBACK: a QoS 1 delivery is complete, whatever the reason code. */
export function handlePuback(channel: ProtocolChannel, { packetId }: Readonly<Ack>): void {
  const session = channel.session as Session;
  const { inflight } = session;
  const slot = inflight.find(packetId);
  if (slot < 0) return;
  if (inflight.qos(slot) !== 1) throw unexpected('PUBACK for a message of QoS 2');
  if (inflight.state(slot) !== DeliveryState.SENT) return;
  complete(channel, session, slot);
}

/**
 * The PUBACKs without a reason code that stand at `start`, one behind the other, up to `limit`: the same for all of them.
 * Returns where the first packet begins that is not among them, or is not in order: it is for `dispatch`.
 */
export function handlePubacks(
  channel: ProtocolChannel,
  chunk: Buffer,
  start: number,
  limit: number,
): number {
  const { session } = channel;
  if (session === undefined) return start;
  const { inflight } = session;
  const last = limit - PUBACK_BYTES;
  let at = start;
  let isDue = false;
  for (; at <= last; at += PUBACK_BYTES) {
    if (chunk[at] !== AckByte.PUBACK || chunk[at + 1] !== 2) break;
    const packetId = ((chunk[at + 2] as number) << 8) | (chunk[at + 3] as number);
    if (packetId === 0) break;
    const slot = inflight.find(packetId);
    if (slot < 0) continue;
    if (inflight.qos(slot) !== 1 || inflight.state(slot) !== DeliveryState.SENT) break;
    inflight.complete(slot);
    isDue = true;
  }
  channel.context.stats.controlPacketsReceived += (at - start) / PUBACK_BYTES;
  if (isDue) completed(channel, session);
  return at;
}

/** PUBREC: the client has the message; its identifier is released [MQTT-4.3.3-1]. */
export function handlePubrec(
  channel: ProtocolChannel,
  { packetId, reasonCode }: Readonly<Ack>,
): void {
  const session = channel.session as Session;
  const { inflight } = session;
  const slot = inflight.find(packetId);
  if (slot < 0) {
    if (!isFailure(reasonCode)) answerUnknown(channel, AckByte.PUBREL, packetId);
    return;
  }
  if (inflight.qos(slot) !== 2) throw unexpected('PUBREC for a message of QoS 1');
  const state = inflight.state(slot);
  // Not sent on this connection: it answers what an earlier one sent.
  if (state === DeliveryState.ASSIGNED) return;
  if (isFailure(reasonCode)) {
    // The client does not want the message: its identifier is free (MQTT 5 §4.3.3).
    if (session.persistent) channel.journalDue = true;
    complete(channel, session, slot);
    return;
  }
  if (state === DeliveryState.RELEASED) {
    channel.acknowledgements.inOrder(AckByte.PUBREL, packetId);
    return;
  }
  inflight.setState(slot, DeliveryState.RELEASED);
  const { lane } = inflight.cursor(slot).queue;
  if (!session.persistent) {
    channel.acknowledgements.inOrder(AckByte.PUBREL, packetId);
    return;
  }
  // After PUBREL the client forgets the identifier: a PUBLISH sent again after a crash would be new to it.
  channel.journalDue = true;
  channel.acknowledgements.after(openCommitIn(channel, session, lane), AckByte.PUBREL, packetId);
}

/** PUBCOMP: a QoS 2 delivery is complete. */
export function handlePubcomp(channel: ProtocolChannel, { packetId }: Readonly<Ack>): void {
  const session = channel.session as Session;
  const slot = session.inflight.find(packetId);
  if (slot < 0 || session.inflight.state(slot) !== DeliveryState.RELEASED) return;
  complete(channel, session, slot);
}

/** PUBREL: the publisher has our PUBREC; its identifier may be used again [MQTT-4.3.3-2]. */
export function handlePubrel(channel: ProtocolChannel, { packetId }: Readonly<Ack>): void {
  const session = channel.session as Session;
  const lane = session.received.laneOf(packetId);
  if (lane === undefined) {
    answerUnknown(channel, AckByte.PUBCOMP, packetId);
    return;
  }
  session.received.delete(packetId);
  if (!session.persistent) {
    channel.acknowledgements.inOrder(AckByte.PUBCOMP, packetId);
    return;
  }
  // After PUBCOMP the client may use the identifier for a new message, which must not be taken for the old one.
  channel.journalDue = true;
  channel.acknowledgements.after(openCommitIn(channel, session, lane), AckByte.PUBCOMP, packetId);
}

/** The commit in which a store will have the state of the session as it is at the end of the chunk. */
export function openCommitIn(
  { context }: ProtocolChannel,
  session: Session,
  lane: Lane,
): CommitNumber {
  if (session.lanes === undefined) return context.store.openCommit;
  session.lanes.touch(lane);
  return context.stores.member(lane).openCommit;
}

/** For an identifier that is not known: MQTT 5 has a reason code for it, 3.1.1 just goes on. */
function answerUnknown(channel: ProtocolChannel, firstByte: AckByte, packetId: number): void {
  const isVersion5 = channel.version === ProtocolVersion.MQTT_5;
  channel.acknowledgements.inOrder(
    firstByte,
    packetId,
    isVersion5 ? ReasonCode.PACKET_IDENTIFIER_NOT_FOUND : ReasonCode.SUCCESS,
  );
}

function complete(channel: ProtocolChannel, session: Session, slot: number): void {
  session.inflight.complete(slot);
  completed(channel, session);
}

function completed(channel: ProtocolChannel, session: Session): void {
  if (session.persistent) channel.context.sessionLog.changed(session);
  channel.pumpDue = true;
}

function unexpected(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, message);
}
