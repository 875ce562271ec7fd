import { TimerWheel } from '../common/timer-wheel.ts';
import type { ChannelContext } from './channel/channel-context.ts';
import { ForeignMessages } from './cluster/foreign-messages.ts';
import { LiveForwarder } from './channel/live-forwarder.ts';
import { StoreGate } from './channel/store-gate.ts';
import { eventsOf } from './events/client-events.ts';
import type { GatewayStats } from './gateway-stats.ts';
import type { DeliverHooks } from './hooks/deliver-hooks.ts';
import { hookChainOf } from './hooks/hook-chain.ts';
import { HookedWillPublisher } from './hooks/hooked-will-publisher.ts';
import { byMethod } from './listener-context.ts';
import { MessagePublisher } from './message-publisher.ts';
import { DEFAULT_RULES, DEFAULT_SHARED_SUBSCRIPTIONS, type GatewayOptions } from './options.ts';
import { RetainedLookUps } from './retained/retained-look-up.ts';
import { RetainedMessages } from './retained/retained-messages.ts';
import { RetainedSender } from './retained/retained-sender.ts';
import { LiveSubscriptions } from './routing/live-subscriptions.ts';
import { TopicTable } from './routing/topic-table.ts';
import { CommitWaiters } from './session/commit-waiters.ts';
import { DeliveryPump } from './session/delivery-pump.ts';
import { SegmentDelivery } from './session/segment-delivery.ts';
import { SessionLog } from './session/session-log.ts';
import { SessionRegistry } from './session/session-registry.ts';
import { SysTopics } from './sys/sys-topics.ts';
import type { Cluster } from '../lmq/spi/cluster.ts';
import type { ShareGroup } from './share/share-group.ts';
import { ShareGroups } from './share/share-groups.ts';
import { ShareLog } from './share/share-log.ts';
import { SharePump } from './share/share-pump.ts';
import { partKey } from './share/share-user.ts';
import { Wills } from './will/wills.ts';

/** What the parts are made from: the options of a gateway without its listeners. */
export type AssemblyOptions = Omit<
  GatewayOptions,
  'listeners' | 'backlog' | 'handshakeTimeoutMs' | 'connectionLimits' | 'tcpKeepAlive'
>;

/** Builds what all channels of a gateway share. Nothing of it is started yet. */
export function assemble(options: AssemblyOptions, stats: GatewayStats): ChannelContext {
  const { store, metadata, limits, storeQos0 } = options;
  const { logger, clock, sessionFlushIntervalMs } = options;
  const { maxPacketSize } = limits;
  const hooks = hookChainOf(options.hooks, { stats, clock, logger, maxPacketSize });
  const authenticator = hooks?.authenticator(options.authenticator) ?? options.authenticator;
  const authorizer = hooks?.authorizer(options.authorizer) ?? options.authorizer;
  const waiters = new CommitWaiters();
  const live = new LiveSubscriptions(options.cluster !== undefined);
  const sessionLog = new SessionLog(store, waiters, clock, sessionFlushIntervalMs);
  const pump = new DeliveryPump(store, limits, stats, clock, logger, sessionLog, hooks?.deliver);
  const shares = assembleShares(options, {
    live,
    sessionLog,
    stats,
    deliverHooks: hooks?.deliver,
  });
  const sessions = new SessionRegistry({
    shares,
    store,
    cluster: options.cluster,
    metadata,
    live,
    pump,
    log: sessionLog,
    stats,
    clock,
    logger,
    maxInflight: limits.maxInflight,
  });
  const topics = new TopicTable(store, live, metadata, limits);
  authorizer?.onChange?.(() => {
    topics.authorizationChanged();
  });
  const forwarder = new LiveForwarder(sessions, stats, limits, hooks?.deliver);
  const wheel = new TimerWheel(clock);
  const retained = new RetainedMessages(store, limits, stats, clock, logger, options.cluster);
  const publisher = new MessagePublisher(store, topics, forwarder, retained);
  const willPublisher =
    hooks?.publish === undefined
      ? publisher
      : new HookedWillPublisher(publisher, hooks.publish, maxPacketSize);
  const common = { store, limits, stats, clock, logger, deliverHooks: hooks?.deliver };
  const interest = options.clientEventsOnDemand === true ? metadata.eventInterest : undefined;
  const eventParts = { store, topics, publisher, stats, clock, interest };
  const events = eventsOf(options.clientEvents, eventParts);
  if (events !== undefined) sessions.observe(events);
  const sysTopics =
    options.sysTopics === undefined
      ? undefined
      : new SysTopics({ ...common, ...options.sysTopics, topics, forwarder, sessionLog });
  const wills = new Wills({ ...common, publisher: willPublisher, wheel, cluster: options.cluster });
  const lookUp =
    sysTopics === undefined ? retained : new RetainedLookUps(retained, sysTopics.values);
  return {
    store,
    metadata,
    topics,
    live,
    sessions,
    forwarder,
    retained,
    retainedSender: new RetainedSender({ ...common, retained: lookUp, sessions, sessionLog, pump }),
    sysTopics,
    events,
    wills,
    foreign: foreignOf(options, { live, sessions, stats, deliverHooks: hooks?.deliver }),
    publisher,
    shares,
    sessionLog,
    pump,
    waiters,
    gate: new StoreGate(stats),
    wheel,
    authenticator,
    enhancedAuthenticators: byMethod(options.enhancedAuthenticators),
    authorizer,
    hooks,
    limits,
    rules: { ...DEFAULT_RULES, ...options.rules },
    storeQos0,
    stats,
    clock,
    logger,
  };
}

/** Undefined when no other gateway is on the store. */
function foreignOf(
  { cluster, store, limits, clock }: AssemblyOptions,
  { live, sessions, stats, deliverHooks }: ForeignParts,
): ForeignMessages | undefined {
  if (cluster === undefined) return undefined;
  const delivery = new SegmentDelivery(limits, stats, clock, deliverHooks);
  return new ForeignMessages({ cluster, store, live, sessions, delivery, stats, limits });
}

interface ForeignParts {
  readonly live: LiveSubscriptions;
  readonly sessions: SessionRegistry;
  readonly stats: GatewayStats;
  readonly deliverHooks: DeliverHooks | undefined;
}

function assembleShares(
  options: AssemblyOptions,
  {
    live,
    sessionLog,
    stats,
    deliverHooks,
  }: {
    live: LiveSubscriptions;
    sessionLog: SessionLog;
    stats: GatewayStats;
    deliverHooks: DeliverHooks | undefined;
  },
): ShareGroups {
  const { store, metadata, limits, clock, logger, sharedSubscriptions } = options;
  const delivery = new SegmentDelivery(limits, stats, clock, deliverHooks);
  const { cluster } = options;
  const log = new ShareLog(store, sessionLog, partOf(cluster));
  const askForTurn = (group: ShareGroup): void => groups.cluster?.turns.ask(group);
  const pump = new SharePump({
    store,
    delivery,
    log,
    sessionLog,
    limits,
    stats,
    logger,
    askForTurn: cluster === undefined ? undefined : askForTurn,
  });
  const groups = new ShareGroups({
    store,
    metadata,
    live,
    pump,
    log,
    stats,
    clock,
    logger,
    cluster,
    ...(sharedSubscriptions ?? DEFAULT_SHARED_SUBSCRIPTIONS),
  });
  return groups;
}

/** Names this gateway's part in a group; undefined when all of it is its own. */
function partOf(cluster: Cluster | undefined): ((groupKey: string) => string) | undefined {
  return cluster === undefined ? undefined : (groupKey) => partKey(groupKey, cluster.nodeId);
}
