import type { ProtocolVersion } from '../codec/protocol-version.ts';
import type { OutBuffer } from '../codec/out-buffer.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { Queue } from '../../lmq/spi/types.ts';
import type { Cursor } from './cursor.ts';
import type { OutgoingAliases } from './outgoing-aliases.ts';
import type { QueueMeter } from './queue-meter.ts';
import { ReceivedIds } from './received-ids.ts';
import type { InflightWindow } from './inflight-window.ts';
import type { SessionLanes } from './session-lanes.ts';
import type { Subscription } from './subscription.ts';

/** A cursor and a subscription as everybody uses them: those of a session. */
export type SessionCursor = Cursor<Session>;
export type SessionSubscription = Subscription<Session>;

/** `Session.ready` of every session that has none: nothing is ever put into it. */
export const NONE_READY: readonly SessionCursor[] = [];

/** The connection of a session, as delivery sees it. */
export interface SessionLink {
  readonly out: OutBuffer;
  readonly version: ProtocolVersion;
  /** Largest packet that the client takes, bytes. */
  readonly maximumPacketSize: number;
  /** Topic aliases of this connection; undefined when the client takes none [MQTT-3.1.2-27]. */
  readonly outgoingAliases: OutgoingAliases | undefined;
  /** The socket has more to send than it should. */
  readonly congested: boolean;
  /** Sends now what is encoded; `congested` is current afterwards. Never ends the session within the call. */
  flush(): void;
  /** Sends what is encoded at the end of the turn. */
  wantFlush(): void;
  /** Its output is sent with a round of messages to many (`LiveRounds`), unless it is before. */
  isInRound: boolean;
  /** Closes the connection because another one has taken the session [MQTT-3.1.4-2]. */
  takenOver(): void;
  /** Closes the connection because the store cannot serve it. */
  storeFailed(): void;
}

/** Shared by all sessions that have received none: replaced, never written. */
const NONE_RECEIVED = new ReceivedIds();

/** What a session with shared subscriptions tells their groups. */
export interface SharedMembership {
  /** Delivery has run: there may be room for more. */
  roomFreed(): void;
  /** The in-flight state is being written: what it was taken from belongs into the same commit. */
  saving(): void;
}

/**
 * What outlives a socket: subscriptions, cursors, packet identifiers, QoS 2 state. A session is in memory
 * while its client is connected; that of an offline client is in the store only.
 */
export class Session {
  readonly clientId: string;
  /** Kept in the store: it may survive its connection. */
  readonly persistent: boolean;
  /** How long it outlives its connection, seconds; 0 = not at all (MQTT 5 §3.1.2.11.2). */
  expirySeconds: number;
  readonly createdAt: number;
  readonly subscriptions: Map<string, SessionSubscription> = new Map<string, SessionSubscription>();
  /** Length of all filters. */
  filterBytes = 0;
  readonly inflight: InflightWindow<SessionCursor>;
  /** Packet identifiers of QoS 2 publishes received and not released [MQTT-4.3.3-2], and the store of their topic. */
  received: ReceivedIds;
  /** The connection that the session belongs to; undefined once it has gone. */
  owner: SessionLink | undefined;
  /** Where to deliver: the owner from its CONNACK on. */
  link: SessionLink | undefined;

  /** Cursors in state RUNNING; served in turn, `nextReady` first. `ready-cursors.ts` changes it. */
  ready: readonly SessionCursor[] = NONE_READY;
  nextReady = 0;
  /** Served before the other cursors while it is ready. */
  preferred: SessionCursor | undefined;
  /** Cursors in state WAITING, in order, and how many read from disk or hold what they have read. */
  readonly waiting: SessionCursor[] = [];
  reading = 0;
  /** Cursors in state HELD; undefined when there are none. */
  held: Set<SessionCursor> | undefined = undefined;
  /** In the pump's list of sessions to run. */
  scheduled = false;

  /** Reads the peer queue; made when the first P2P message comes (a persistent session: at once). */
  peerCursor: SessionCursor | undefined;
  /** The peer queue is being opened. */
  peerOpening = false;
  /** An arrival in the peer queue while it was being opened. */
  peerFirst: number | undefined;
  /** Subscriptions that have not got all retained messages, and how many times they are to get them. */
  retainedDue: Map<SessionSubscription, number> | undefined;
  /** Whoever else waits for room in the socket: called at its drain, and when the connection changes. */
  onDrain: (() => void) | undefined;
  /** Whether its client may be sent a topic; undefined when all that it subscribes to. */
  mayReceive: ((topic: string) => boolean) | undefined;
  /** Set with the first shared subscription. */
  shared: SharedMembership | undefined;
  /** What waits for it, where that is limited. */
  meter: QueueMeter | undefined;
  /** Cursors whose subscription has gone while messages of theirs are in flight. */
  retired: SessionCursor[] = [];

  /** First slot of the window that is not sent on this connection. */
  sendSlot: number;
  /** Slots below are durably assigned: their PUBLISH may be sent. Used when `exact`. */
  durableSlot: number;
  /** A record to send again is being read. */
  fetching = false;
  /**
   * A persistent session that has met a QoS 2 message: from then on, which message has which packet
   * identifier is made durable before the message is sent, so that a crash between the two cannot
   * deliver it twice.
   */
  exact = false;
  /** Bytes of records that wait in the window for their identifiers to be durable. */
  assignedBytes = 0;
  /** In-flight state or offsets differ from what is saved. */
  dirty = false;
  /** What is saved in which store, of a persistent session; undefined when there is one store. */
  lanes: SessionLanes | undefined = undefined;

  constructor(
    clientId: string,
    persistent: boolean,
    createdAt: number,
    inflight: InflightWindow<SessionCursor>,
    expirySeconds: number,
    received: ReceivedIds = NONE_RECEIVED,
  ) {
    this.clientId = clientId;
    this.persistent = persistent;
    this.createdAt = createdAt;
    this.inflight = inflight;
    this.expirySeconds = expirySeconds;
    this.received = received;
    this.sendSlot = inflight.head;
    this.durableSlot = inflight.tail;
  }

  /** A QoS 2 publish has been stored with a packet identifier that its sender has not released. */
  hasReceived(packetId: number, lane: Lane): void {
    if (this.received === NONE_RECEIVED) this.received = new ReceivedIds();
    // What has no lanes is saved in the first store, whatever the topic.
    this.received.add(packetId, this.lanes === undefined ? 0 : lane);
  }

  /** Every cursor that is reading or has messages in flight. */
  *cursors(): Generator<SessionCursor> {
    for (const subscription of this.subscriptions.values()) {
      if (subscription.cursor !== undefined) yield subscription.cursor;
      if (subscription.others === undefined) continue;
      for (const { cursor } of subscription.others) if (cursor !== undefined) yield cursor;
    }
    if (this.peerCursor !== undefined) yield this.peerCursor;
    yield* this.retired;
  }

  /** Every queue that the session holds open, once per hold. */
  *queues(): Generator<Queue> {
    for (const subscription of this.subscriptions.values()) {
      yield subscription.queue;
      if (subscription.others === undefined) continue;
      for (const { queue } of subscription.others) yield queue;
    }
    if (this.peerCursor !== undefined) yield this.peerCursor.queue;
    for (const cursor of this.retired) yield cursor.queue;
  }
}
