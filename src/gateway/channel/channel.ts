import { laneBit } from '../../lmq/spi/lane.ts';
import type { Principal } from '../../auth/types.ts';
import { PLAIN_QOS1 } from '../codec/alike-publishes.ts';
import { AckByte } from '../codec/ack-byte.ts';
import { LARGEST_PACKET } from '../codec/connect-packet.ts';
import { FrameReader } from '../codec/frame.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { Will } from '../codec/will.ts';
import type { Connection, ConnectionOwner } from '../connection/connection.ts';
import type { OutBuffer } from '../codec/out-buffer.ts';
import type { OutgoingAliases } from '../session/outgoing-aliases.ts';
import type { Session } from '../session/session.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { ChannelContext } from './channel-context.ts';
import { CONNECTION_LOST, type ConnectionEnd } from './connection-end.ts';
import { dispatch, refuseBeforeConnect } from './dispatch.ts';
import type { EnhancedAuthentication } from './enhanced-authentication.ts';
import { countLimit } from './count-limit.ts';
import { answerError, disconnectReasonOf, publicReasonOf } from './error-mapper.ts';
import { leaveSession, sayFarewell, tellDisconnected } from './farewell.ts';
import { handlePubacks } from './handlers/acks.ts';
import { KeepAlive } from './keep-alive.ts';
import { ChannelState, type ProtocolChannel, type PublishPort } from './protocol-channel.ts';
import { publishPathOf } from './publish-path.ts';
import { PublishReceiver } from './publish-receiver.ts';

/** One for all: a packet found is handled before the next one is looked for. */
const frame = new FrameReader();
const NOT_CONNECTED: Principal = { clientId: '', username: undefined };

/** The state machine of one connection: packets in order, each handled to its end before the next, errors answered in one place. */
export class Channel implements ProtocolChannel, ConnectionOwner {
  readonly context: ChannelContext;
  readonly connection: Connection;
  state: ChannelState = ChannelState.NEW;
  version: ProtocolVersion = ProtocolVersion.MQTT_3_1_1;
  maximumPacketSize: number = LARGEST_PACKET;
  outgoingAliases: OutgoingAliases | undefined;
  principal: Principal = NOT_CONNECTED;
  authentication: EnhancedAuthentication | undefined;
  will: Will | undefined;
  session: Session | undefined;
  /** Delivery has to run at the end of the chunk: acknowledgements have come. */
  pumpDue = false;
  /** QoS 2 state has changed that must be durable before it is answered. */
  journalDue = false;
  isInRound = false;
  end: ConnectionEnd = CONNECTION_LOST;
  connectedAt = 0;
  readonly #keepAlive: KeepAlive;
  /** Asynchronous handlers that are at work, and turns that are waited for: what follows waits for all of them. */
  #waits = 0;
  /** The last packet has not been handled. */
  #isRepeated = false;
  #acknowledgements: Acknowledgements | undefined;
  /** Of `PublishTurns`. */
  #awaitsTurn = false;
  #receiver: PublishReceiver | undefined;
  /** What publishes go to: the receiver, or what stands before it. */
  #publishes: PublishPort | undefined;
  readonly #onClosed: (channel: Channel) => void;

  constructor(
    context: ChannelContext,
    connection: Connection,
    onClosed: (channel: Channel) => void,
  ) {
    this.context = context;
    this.connection = connection;
    this.#onClosed = onClosed;
    this.#keepAlive = new KeepAlive(this);
  }

  get out(): OutBuffer {
    return this.connection.out;
  }

  get congested(): boolean {
    return this.connection.congested;
  }

  get publishReceiver(): PublishPort {
    return (this.#publishes ??= this.#makeReceiver());
  }

  get acknowledgements(): Acknowledgements {
    return (this.#acknowledgements ??= new Acknowledgements(this));
  }

  get remoteAddress(): string {
    return this.connection.remoteAddress;
  }

  get remotePort(): number {
    return this.connection.remotePort;
  }

  get certificateCommonName(): string | undefined {
    return this.connection.certificateCommonName;
  }

  get isBusy(): boolean {
    return this.#waits > 0;
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
    const isVersion5 = this.version === ProtocolVersion.MQTT_5;
    this.#keepAlive.lastPacketAt = this.context.wheel.nowSeconds;
    let position = 0;
    let start = 0;
    try {
      if (this.state === ChannelState.NEW) refuseBeforeConnect(chunk);
      while (position < limit && this.#waits === 0 && this.state !== ChannelState.CLOSED) {
        if (!frame.next(chunk, position, limit, maxPacketSize, isVersion5)) {
          if (frame.end > 0) this.connection.need(frame.end - position);
          break;
        }
        start = position;
        position = frame.end;
        const { bodyStart } = frame;
        dispatch(this, chunk, start, bodyStart, position);
        if (position < limit) position = this.#following(chunk, start, bodyStart, position, limit);
      }
    } catch (error) {
      this.#receiver?.endOfChunk(chunk);
      this.fail(error);
      return limit;
    }
    this.#receiver?.endOfChunk(chunk);
    this.#endOfChunk();
    if (!this.#isRepeated) return position;
    this.#isRepeated = false;
    return start;
  }

  /** Handles what follows a packet and is as it was in one go; returns where the first other packet begins. */
  #following(chunk: Buffer, start: number, bodyStart: number, end: number, limit: number): number {
    const first = chunk[start];
    if (first === AckByte.PUBACK) return handlePubacks(this, chunk, end, limit);
    // Where each packet is looked at before the receiver, none is passed by.
    if (first !== PLAIN_QOS1 || this.#publishes !== this.#receiver) return end;
    return this.#receiver?.receiveAlike(chunk, start, bodyStart, end, limit) ?? end;
  }

  onDrain(): void {
    if (this.session === undefined) return;
    this.context.pump.run(this.session);
    this.session.onDrain?.();
  }

  onClose(): void {
    const wasConnected = this.state === ChannelState.CONNECTED;
    this.state = ChannelState.CLOSED;
    this.#keepAlive.stop();
    this.context.gate.leave(this.connection);
    this.context.stats.connectionsCurrent--;
    this.#onClosed(this);
    const { session } = this;
    if (session === undefined) return;
    this.session = undefined;
    if (wasConnected) tellDisconnected(this, session.clientId);
    leaveSession(this, session);
  }

  /** Forwards what was published before a packet that changes who gets it. */
  forwardPending(chunk: Buffer): void {
    this.#receiver?.endOfChunk(chunk);
  }

  /** Runs an asynchronous handler; the packets behind it wait, unread ones in the socket. */
  block(work: Promise<void>): void {
    this.#wait();
    work.then(
      () => {
        this.context.turns.share(() => {
          this.#goOn();
        });
      },
      (error: unknown) => {
        this.fail(error);
      },
    );
  }

  repeatAfter(work: Promise<void>): void {
    this.#isRepeated = true;
    this.block(work);
  }

  repeatInTurn(): void {
    this.#isRepeated = true;
    this.goOnInTurn();
  }

  goOnInTurn(): void {
    if (this.#awaitsTurn) return;
    this.#awaitsTurn = true;
    this.#wait();
    this.context.publishTurns.wait(() => {
      this.#awaitsTurn = false;
      this.#goOn();
    });
  }

  #wait(): void {
    this.#waits++;
    this.connection.pause();
  }

  #goOn(): void {
    this.#waits--;
    this.connection.resume();
  }

  get isRepeated(): boolean {
    return this.#isRepeated;
  }

  /** Sends an encoded packet. One that is more than the client takes ends the connection. */
  send(packet: Buffer): void {
    if (packet.length > this.maximumPacketSize) {
      // [MQTT5-3.1.2-24] It waits for this answer: silence would leave it waiting.
      this.close('an answer is larger than the client takes', ReasonCode.PACKET_TOO_LARGE);
      return;
    }
    this.out.append(packet, 0, packet.length);
    this.context.stats.controlPacketsSent++;
    this.wantFlush();
  }

  takenOver(): void {
    this.close('session taken over', ReasonCode.SESSION_TAKEN_OVER);
  }

  storeFailed(): void {
    this.close('store failed', ReasonCode.UNSPECIFIED_ERROR);
  }

  /** Sends what is waiting and closes. A client of MQTT 5 may be told what servers to use instead. */
  close(reason: string, reasonCode?: number, serverReference?: string): void {
    if (this.end === CONNECTION_LOST) this.end = { isByClient: false, reasonCode, reason };
    if (reasonCode !== undefined) sayFarewell(this, reasonCode, reason, serverReference);
    this.connection.end();
  }

  /** The one place where an error ends a connection. */
  fail(error: unknown): void {
    if (this.state === ChannelState.CLOSED) return;
    answerError(this, error);
    if (error instanceof MqttProtocolError) {
      this.context.stats.protocolErrors++;
      countLimit(this.context.stats, error);
    }
    this.close(publicReasonOf(error), disconnectReasonOf(error));
  }

  startKeepAlive(keepAliveSeconds: number): void {
    this.#keepAlive.start(keepAliveSeconds);
  }

  #makeReceiver(): PublishPort {
    this.#receiver = new PublishReceiver(this.context, this, this.session as Session);
    return publishPathOf(this, this.#receiver);
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
    if (!context.store.writable) this.#waitForStore(session, context);
    else if (context.stores.spread.lanes > 1) this.#receiver?.takeLanes();
  }

  /** Its home, or a store that this connection has just published to, may be the one that has too much. */
  #waitForStore({ clientId }: Session, { stores, gate }: ChannelContext): void {
    const home = laneBit(stores.spread.homeOf(clientId));
    gate.wait(this.connection, (this.#receiver?.takeLanes() ?? 0) | home);
  }
}
