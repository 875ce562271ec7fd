import type { Principal } from '../../auth/types.ts';
import { messageOf } from '../../common/errors.ts';
import { NOT_IN_WHEEL, type WheelItem } from '../../common/timer-wheel.ts';
import type { AckByte } from '../codec/ack-byte.ts';
import { LARGEST_PACKET } from '../codec/connect-packet.ts';
import { encodeFarewell } from '../codec/encode-rare.ts';
import { FrameReader } from '../codec/frame.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { encodeAck } from '../codec/publish-encoder.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { Will } from '../codec/will.ts';
import type { Connection, ConnectionOwner } from '../connection/connection.ts';
import type { OutBuffer } from '../codec/out-buffer.ts';
import type { Session } from '../session/session.ts';
import { AckQueue } from './ack-queue.ts';
import type { ChannelContext } from './channel-context.ts';
import type { CommitWaiter } from '../session/commit-waiters.ts';
import { dispatch } from './dispatch.ts';
import { answerError, disconnectReasonOf } from './error-mapper.ts';
import { ChannelState, type ProtocolChannel } from './protocol-channel.ts';
import { PublishReceiver } from './publish-receiver.ts';

const CONNECT_BYTE = 0x10;

/** One for all: a packet found is handled before the next one is looked for. */
const frame = new FrameReader();
const NOT_CONNECTED: Principal = { clientId: '', username: undefined };

/**
 * The protocol state machine of one connection: packets in order, each handled to its end before the
 * next one is looked at, errors answered in one place.
 */
export class Channel implements ProtocolChannel, ConnectionOwner, CommitWaiter, WheelItem {
  readonly context: ChannelContext;
  readonly connection: Connection;
  state: ChannelState = ChannelState.NEW;
  version: ProtocolVersion = ProtocolVersion.MQTT_3_1_1;
  maximumPacketSize: number = LARGEST_PACKET;
  principal: Principal = NOT_CONNECTED;
  will: Will | undefined;
  session: Session | undefined;
  /** Delivery has to run at the end of the chunk: acknowledgements have come. */
  pumpDue = false;
  /** QoS 2 state has changed that must be durable before it is answered. */
  journalDue = false;
  /** Why the connection is being closed, for the log. */
  closeReason = 'connection lost';
  wheelNext: WheelItem | undefined = undefined;
  wheelPrev: WheelItem | undefined = undefined;
  wheelSlot: number = NOT_IN_WHEEL;
  #lastPacketAt = 0;
  #idleLimitSeconds = 0;
  /** An asynchronous handler is at work: what follows waits. */
  #busy = false;
  #acks: AckQueue | undefined;
  #receiver: PublishReceiver | undefined;

  readonly #onClosed: (channel: Channel) => void;

  constructor(
    context: ChannelContext,
    connection: Connection,
    onClosed: (channel: Channel) => void,
  ) {
    this.context = context;
    this.connection = connection;
    this.#onClosed = onClosed;
    context.wheel.add(this, Math.ceil(context.limits.connectTimeoutMs / 1000) + 1);
  }

  get out(): OutBuffer {
    return this.connection.out;
  }

  get congested(): boolean {
    return this.connection.congested;
  }

  get publishReceiver(): PublishReceiver {
    return (this.#receiver ??= new PublishReceiver(this.context, this, this.session as Session));
  }

  get unansweredPublishes(): number {
    return this.#acks?.pubacks ?? 0;
  }

  get remoteAddress(): string {
    return this.connection.remoteAddress;
  }

  get certificateCommonName(): string | undefined {
    return this.connection.certificateCommonName;
  }

  isClosed(): boolean {
    return this.connection.closed;
  }

  flush(): void {
    this.connection.flush();
  }

  wantFlush(): void {
    this.connection.wantFlush();
  }

  onBytes(chunk: Buffer): number {
    const limit = chunk.length;
    const { maxPacketSize } = this.context.limits;
    this.#lastPacketAt = this.context.wheel.nowSeconds;
    let position = 0;
    try {
      if (this.state === ChannelState.NEW) refuseBeforeConnect(chunk);
      while (position < limit && !this.#busy && this.state !== ChannelState.CLOSED) {
        if (!frame.next(chunk, position, limit, maxPacketSize)) {
          if (frame.end > 0) this.connection.need(frame.end - position);
          break;
        }
        const start = position;
        position = frame.end;
        dispatch(this, chunk, start, frame.bodyStart, frame.end);
      }
    } catch (error) {
      this.#receiver?.endOfChunk(chunk);
      this.fail(error);
      return limit;
    }
    this.#receiver?.endOfChunk(chunk);
    this.#endOfChunk();
    return position;
  }

  onDrain(): void {
    if (this.session === undefined) return;
    this.context.pump.run(this.session);
    this.session.onDrain?.();
  }

  onClose(): void {
    const wasConnected = this.state === ChannelState.CONNECTED;
    this.state = ChannelState.CLOSED;
    this.context.wheel.remove(this);
    this.context.gate.leave(this.connection);
    this.context.stats.connectionsCurrent--;
    this.#onClosed(this);
    const { session } = this;
    if (session === undefined) return;
    this.session = undefined;
    if (wasConnected) {
      this.context.logger.debug(
        { clientId: session.clientId, reason: this.closeReason },
        'client disconnected',
      );
    }
    if (this.will !== undefined) {
      this.context.wills.connectionEnded(session.clientId, this.will, session.expirySeconds);
    }
    this.context.sessions.close(session, this).catch((error: unknown) => {
      this.context.logger.error(
        { clientId: session.clientId, error: messageOf(error) },
        'saving the session failed',
      );
    });
  }

  /** Forwards what was published before a packet that changes who gets it. */
  forwardPending(chunk: Buffer): void {
    this.#receiver?.endOfChunk(chunk);
  }

  /** Runs an asynchronous handler; the packets behind it wait, unread ones in the socket. */
  block(work: Promise<void>): void {
    this.#busy = true;
    this.connection.pause();
    work.then(
      () => {
        this.#busy = false;
        this.connection.resume();
      },
      (error: unknown) => {
        this.fail(error);
      },
    );
  }

  /** Answers when the commit is durable, in the order of these calls. */
  acknowledgeAfter(commit: number, firstByte: AckByte, packetId: number): void {
    this.#acks ??= new AckQueue();
    if (this.#acks.push(firstByte, packetId, commit)) this.context.waiters.add(commit, this);
  }

  /** Answers after everything that is to be answered already; at once when there is nothing. */
  acknowledgeInOrder(firstByte: AckByte, packetId: number, reasonCode = 0): void {
    if (this.#acks !== undefined && this.#acks.size > 0) {
      this.#acks.push(firstByte, packetId, this.#acks.lastCommit, reasonCode);
      return;
    }
    encodeAck(this.out, firstByte, packetId, reasonCode);
    this.wantFlush();
  }

  onCommit(commit: number, error: Error | undefined): void {
    if (this.state === ChannelState.CLOSED || this.#acks === undefined) return;
    if (error !== undefined) {
      // Nothing of that commit is stored; MQTT 5 can say so, older versions close.
      if (this.version === ProtocolVersion.MQTT_5) {
        this.#acks.release(commit, this.out, ReasonCode.UNSPECIFIED_ERROR);
      }
      this.storeFailed();
      return;
    }
    if (this.#acks.release(commit, this.out) > 0) this.wantFlush();
  }

  /** Sends a packet that is encoded already. */
  send(packet: Buffer): void {
    this.out.append(packet, 0, packet.length);
    this.wantFlush();
  }

  takenOver(): void {
    this.close('session taken over', ReasonCode.SESSION_TAKEN_OVER);
  }

  storeFailed(): void {
    this.close('store failed', ReasonCode.UNSPECIFIED_ERROR);
  }

  /** Sends what is waiting and closes. */
  close(reason: string, reasonCode?: number): void {
    this.closeReason = reason;
    if (
      reasonCode !== undefined &&
      this.version === ProtocolVersion.MQTT_5 &&
      this.state === ChannelState.CONNECTED
    ) {
      this.send(encodeFarewell(reasonCode, reason, this.maximumPacketSize));
    }
    this.connection.end();
  }

  /** The one place where an error ends a connection. */
  fail(error: unknown): void {
    if (this.state === ChannelState.CLOSED) return;
    answerError(this, error);
    if (error instanceof MqttProtocolError) this.context.stats.protocolErrors++;
    // What is not the client's fault is in the log, and is nothing to tell it.
    const reason = error instanceof MqttProtocolError ? error.message : 'internal error';
    this.close(reason, disconnectReasonOf(error));
  }

  /** Counts idle time from now on; 0 = none. */
  startKeepAlive(keepAliveSeconds: number): void {
    const { wheel } = this.context;
    wheel.remove(this);
    // [MQTT-3.1.2-24]: one and a half times the keep-alive.
    // One more, because the wheel's time is up to a second old when a packet is stamped with it.
    this.#idleLimitSeconds = keepAliveSeconds === 0 ? 0 : keepAliveSeconds * 1.5 + 1;
    if (this.#idleLimitSeconds > 0) wheel.add(this, Math.ceil(this.#idleLimitSeconds));
    this.#lastPacketAt = wheel.nowSeconds;
  }

  /** Keep-alive and the time to CONNECT, both on the one wheel. */
  onDeadline(now: number): number {
    const { context } = this;
    if (this.state === ChannelState.NEW || this.state === ChannelState.CONNECTING) {
      this.close('no CONNECT in time');
      return 0;
    }
    const limit = this.#idleLimitSeconds;
    if (limit === 0) return 0;
    if (context.gate.holds(this.connection)) {
      // Not reading for the store's sake: the silence is ours, and counts from when it reads again.
      this.#lastPacketAt = now;
      return 1;
    }
    const idle = now - this.#lastPacketAt;
    if (idle < limit) return Math.max(1, Math.ceil(limit - idle));
    context.stats.keepAliveTimeouts++;
    this.close('keep-alive timeout', ReasonCode.KEEP_ALIVE_TIMEOUT);
    return 0;
  }

  #endOfChunk(): void {
    const { session, context } = this;
    if (session === undefined) return;
    if (this.journalDue) {
      this.journalDue = false;
      context.sessionLog.saveNow(session);
    }
    if (this.pumpDue) {
      this.pumpDue = false;
      context.pump.run(session);
    }
    if (!context.store.writable) context.gate.wait(this.connection);
  }
}

/** Nothing but a CONNECT is buffered for a peer that has not authenticated [MQTT-3.1.0-1]. */
function refuseBeforeConnect(chunk: Buffer): void {
  if (chunk[0] === CONNECT_BYTE) return;
  throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'the first packet is not a CONNECT');
}
