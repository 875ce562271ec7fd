import type { Authenticator, Authorizer, EnhancedAuthenticator } from '../../auth/types.ts';
import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import type { TimerWheel } from '../../common/timer-wheel.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { ClientEvents } from '../events/client-events.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { HookChain } from '../hooks/hook-chain.ts';
import type { RefusalLog } from '../refusal-log.ts';
import type { MessagePublisher } from '../message-publisher.ts';
import type { GatewayLimits, ProtocolRules } from '../options.ts';
import type { LiveSubscriptions } from '../routing/live-subscriptions.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';
import type { TopicTable } from '../routing/topic-table.ts';
import type { DeliveryPump } from '../session/delivery-pump.ts';
import type { SessionLog } from '../session/session-log.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { CommitWaiters } from '../session/commit-waiters.ts';
import type { ForeignMessages } from '../cluster/foreign-messages.ts';
import type { SilentStores } from '../cluster/silent-stores.ts';
import type { HandlerTurns } from './handler-turns.ts';
import type { LiveForwarder } from './live-forwarder.ts';
import type { RetainedMessages } from '../retained/retained-messages.ts';
import type { RetainedSender } from '../retained/retained-sender.ts';
import type { SysTopics } from '../sys/sys-topics.ts';
import type { Wills } from '../will/wills.ts';
import type { ShareLanes } from '../share/share-lanes.ts';
import type { PublishTurns } from './publish-turns.ts';
import type { StoreGate } from './store-gate.ts';

/** What all channels of a gateway share. */
export interface ChannelContext {
  readonly store: LmqStore;
  /** What `store` consists of, one by one. */
  readonly stores: Stores;
  readonly silent: SilentStores;
  readonly metadata: TopicMetadata;
  readonly topics: TopicTable;
  readonly live: LiveSubscriptions;
  readonly sessions: SessionRegistry;
  readonly shares: ShareLanes;
  readonly sessionLog: SessionLog;
  readonly pump: DeliveryPump;
  readonly waiters: CommitWaiters;
  readonly gate: StoreGate;
  readonly turns: HandlerTurns;
  readonly publishTurns: PublishTurns;
  readonly forwarder: LiveForwarder;
  readonly retained: RetainedMessages;
  readonly retainedSender: RetainedSender;
  /** Undefined when no client events are published. */
  readonly events: ClientEvents | undefined;
  /** Undefined when `$SYS` is off. */
  readonly sysTopics: SysTopics | undefined;
  readonly wills: Wills;
  /** What other gateways publish at QoS 0; undefined when there are none. */
  readonly foreign: ForeignMessages | undefined;
  /** For what did not come in a PUBLISH packet. */
  readonly publisher: MessagePublisher;
  readonly wheel: TimerWheel;
  readonly authenticator: Authenticator;
  /** By authentication method. */
  readonly enhancedAuthenticators: ReadonlyMap<string, EnhancedAuthenticator>;
  readonly authorizer: Authorizer | undefined;
  /** Undefined when there are none. Authenticator and authorizer have theirs before them already. */
  readonly hooks: HookChain | undefined;
  readonly limits: GatewayLimits;
  readonly rules: ProtocolRules;
  readonly storeQos0: boolean;
  readonly stats: GatewayStats;
  readonly refusals: RefusalLog;
  readonly clock: Clock;
  readonly logger: Logger;
}
