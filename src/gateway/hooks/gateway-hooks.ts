import type { Action, AuthDecision, Credentials, Principal } from '../../auth/types.ts';
import type { UserProperty } from '../codec/property-set.ts';
import type { DeliverMessage } from './deliver-message.ts';
import type { HookClient } from './hook-client.ts';
import type { PublishMessage } from './publish-message.ts';
import type { DROP, Refusal } from './verdict.ts';

/** Nothing to say: the next hook is asked. `void` so that a method without `return` fits. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a hook may have no return type
export type GoOn = void | undefined;

/** CONNECT of a client that is authenticated. */
export interface ConnectRequest {
  readonly cleanStart: boolean;
  /** 0 = off. */
  readonly keepAliveSeconds: number;
  /** Asked for; 0xffffffff = for ever. Before MQTT 5: 0 with clean session, else for ever. */
  readonly sessionExpirySeconds: number;
  readonly will:
    | {
        readonly topic: string;
        readonly payload: Buffer;
        readonly qos: 0 | 1 | 2;
        readonly retain: boolean;
      }
    | undefined;
  readonly userProperties: readonly UserProperty[];
}

/** One filter of a SUBSCRIBE that is valid and authorized. */
export interface SubscribeRequest {
  /** As in the packet, `$share/group/` included. */
  readonly filter: string;
  /** Asked for, or what the hooks before have lowered it to. */
  readonly qos: 0 | 1 | 2;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  /** 0 = none. */
  readonly subscriptionId: number;
}

/** How a connection came to its end. */
export interface DisconnectCause {
  /** The client has sent DISCONNECT. */
  readonly isByClient: boolean;
  /** Of the DISCONNECT, the client's or ours; undefined when there was none, as when the connection broke. */
  readonly reasonCode: number | undefined;
  /** For logs and people. */
  readonly reason: string;
}

/**
 * What users of the library build on. All methods are optional; several hooks are asked in their order, and
 * the first verdict other than undefined ends the question. What a hook throws is logged, counted
 * (`lmqtt_hook_errors_total`), and is as if the hook had refused. See docs/hooks.md.
 */
export interface GatewayHooks {
  /** For the log; otherwise its number in the list. */
  readonly name?: string;

  /**
   * CONNECT, before the configured authenticator. A decision is final; undefined asks the next hook, in the
   * end the authenticator. Not asked for clients that use enhanced authentication.
   */
  onAuthenticate?(credentials: Credentials): AuthDecision | GoOn | Promise<AuthDecision | GoOn>;

  /**
   * CONNECT of an authenticated client, before its session is opened. A refusal goes out in CONNACK; an
   * error is 0x88, server unavailable.
   */
  onConnect?(client: HookClient, connect: ConnectRequest): Refusal | GoOn | Promise<Refusal | GoOn>;

  /** CONNACK with success is on its way. `onDisconnect` will be called once for this client. */
  onConnected?(client: HookClient): void;

  /**
   * Whether a client may publish to a topic (its will too) or subscribe a filter; undefined asks the next
   * hook, in the end the configured authorizer. Synchronous, and asked once per topic and connection: must not
   * depend on the message. An error is a no.
   */
  onAuthorize?(principal: Principal, action: Action, topic: string): boolean | GoOn;

  /**
   * A message from a client, before it is stored: may be changed, refused, or dropped with {@link DROP}.
   * Synchronous. A refusal goes out in PUBACK or PUBREC of MQTT 5; older versions are closed. An error is
   * refused with 0x83. Not called for repetitions, nor for what is published from inside.
   */
  onPublish?(message: PublishMessage, client: HookClient): typeof DROP | Refusal | GoOn;

  /**
   * A message on its way to one subscriber: may be changed or dropped, for this subscriber alone.
   * Synchronous. Called again, and has to say the same, when a message is sent again. An error drops it.
   */
  onDeliver?(message: DeliverMessage, client: HookClient): typeof DROP | GoOn;

  /**
   * One filter of a SUBSCRIBE: may be refused, or granted at a lower QoS by returning it. An error is 0x83,
   * and 0x80 before MQTT 5.
   */
  onSubscribe?(
    subscription: SubscribeRequest,
    client: HookClient,
  ): 0 | 1 | 2 | Refusal | GoOn | Promise<0 | 1 | 2 | Refusal | GoOn>;

  /** A subscription has ended by UNSUBSCRIBE. */
  onUnsubscribe?(filter: string, client: HookClient): void;

  /** The connection of a client that was connected has ended; its session may live on. */
  onDisconnect?(client: HookClient, cause: DisconnectCause): void;
}
