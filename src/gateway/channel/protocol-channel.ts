import type { Principal } from '../../auth/types.ts';
import type { AckByte } from '../codec/ack-byte.ts';
import type { Will } from '../codec/will.ts';
import type { ProtocolVersion } from '../codec/protocol-version.ts';
import type { OutgoingAliases } from '../session/outgoing-aliases.ts';
import type { Session, SessionLink } from '../session/session.ts';
import type { ChannelContext } from './channel-context.ts';
import type { ConnectionEnd } from './connection-end.ts';
import type { EnhancedAuthentication } from './enhanced-authentication.ts';

export const ChannelState = {
  /** Nothing but CONNECT is accepted. */
  NEW: 'NEW',
  /** CONNECT is being authenticated, its session opened. */
  CONNECTING: 'CONNECTING',
  CONNECTED: 'CONNECTED',
  CLOSED: 'CLOSED',
} as const;
export type ChannelState = (typeof ChannelState)[keyof typeof ChannelState];

/** Takes PUBLISH packets: fixed header at `start`, variable header at `bodyStart`, ends before `end`. */
export interface PublishPort {
  receive(chunk: Buffer, start: number, bodyStart: number, end: number): void;
}

/** Answers a client. */
export interface AcknowledgementPort {
  /** PUBACKs that wait for a commit. */
  readonly pubacks: number;
  /** Answers when the commit is durable, in the order of these calls. */
  after(commit: number, firstByte: AckByte, packetId: number): void;
  /** The same for the first `count` of several PUBACKs. */
  runAfter(commit: number, packetIds: Uint16Array, count: number): void;
  /** Answers after everything that is to be answered already; at once when there is nothing. */
  inOrder(firstByte: AckByte, packetId: number, reasonCode?: number): void;
}

/** A connection's protocol state machine as the handlers of its packets see it. */
export interface ProtocolChannel extends SessionLink {
  readonly context: ChannelContext;
  state: ChannelState;
  version: ProtocolVersion;
  /** Largest packet that the client takes, bytes. */
  maximumPacketSize: number;
  /** Set by CONNECT, of a client that takes aliases. */
  outgoingAliases: OutgoingAliases | undefined;
  principal: Principal;
  /** Of a client whose CONNECT names an authentication method. */
  authentication: EnhancedAuthentication | undefined;
  /** To be published when the connection ends; undefined when there is none, and after DISCONNECT. */
  will: Will | undefined;
  /** Set from CONNACK until the connection has gone. */
  session: Session | undefined;
  /** Delivery has to run at the end of the chunk: acknowledgements have come. */
  pumpDue: boolean;
  /** QoS 2 state has changed that must be durable before it is answered. */
  journalDue: boolean;
  readonly publishReceiver: PublishPort;
  readonly acknowledgements: AcknowledgementPort;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Wall clock of CONNACK, ms; set when client events are on. */
  connectedAt: number;
  /** Common name of the client's certificate, when it is the user name. */
  readonly certificateCommonName: string | undefined;
  /** Why the connection ends, once that is known; the first reason stays. */
  end: ConnectionEnd;
  /** The connection has gone. */
  isClosed(): boolean;
  /** Forwards what was published before a packet that changes who gets it. */
  forwardPending(chunk: Buffer): void;
  /** Runs an asynchronous handler; the packets behind it wait, unread ones in the socket. */
  block(work: Promise<void>): void;
  /** As `block`; the packet at hand is handled once more afterwards. Called by its handler, which has not begun. */
  repeatAfter(work: Promise<void>): void;
  /** The publish at hand is handled once more when `PublishTurns` has time for it. Called by its handler, which has not begun. */
  repeatInTurn(): void;
  /** What follows the publish at hand, which is handled to its end, is handled when `PublishTurns` has time for it. */
  goOnInTurn(): void;
  /** The packet that was handled last comes once more. */
  readonly isRepeated: boolean;
  /** Sends a packet that is encoded already. One that is more than the client takes ends the connection. */
  send(packet: Buffer): void;
  /** Sends what is waiting and closes; a MQTT 5 client is told the reason code, if there is one. */
  close(reason: string, reasonCode?: number): void;
  /** Ends the connection for an error, which is answered as the protocol version can. */
  fail(error: unknown): void;
  /** Counts idle time from now on; 0 = none. */
  startKeepAlive(keepAliveSeconds: number): void;
}
