import type { EventLoopStalls } from '../common/event-loop-stalls.ts';
import { TimerWheel } from '../common/timer-wheel.ts';
import type { ChannelContext } from './channel/channel-context.ts';
import { ForeignMessages } from './cluster/foreign-messages.ts';
import { SilentStores } from './cluster/silent-stores.ts';
import { LiveForwarder } from './channel/live-forwarder.ts';
import { HandlerTurns } from './channel/handler-turns.ts';
import { PublishTurns } from './channel/publish-turns.ts';
import { StoreGate } from './channel/store-gate.ts';
import { eventsOf } from './events/client-events.ts';
import type { GatewayStats } from './gateway-stats.ts';
import type { DeliverHooks } from './hooks/deliver-hooks.ts';
import { hookChainOf } from './hooks/hook-chain.ts';
import { HookedWillPublisher } from './hooks/hooked-will-publisher.ts';
import { byMethod } from './listener-context.ts';
import { MessagePublisher } from './message-publisher.ts';
import { DEFAULT_RULES, DEFAULT_SHARED_SUBSCRIPTIONS, type GatewayOptions } from './options.ts';
import { RefusalLog } from './refusal-log.ts';
import { RetainedLookUps } from './retained/retained-look-up.ts';
import { RetainedMessages } from './retained/retained-messages.ts';
import { RetainedHandOver } from './retained/retained-hand-over.ts';
import { RetainedSender } from './retained/retained-sender.ts';
import { LiveSubscriptions } from './routing/live-subscriptions.ts';
import { TopicTable } from './routing/topic-table.ts';
import { CommitWaiters } from './session/commit-waiters.ts';
import { DeliveryPump } from './session/delivery-pump.ts';
import { SegmentDelivery } from './session/segment-delivery.ts';
import { SessionLog } from './session/session-log.ts';
import { SessionRegistry } from './session/session-registry.ts';
import { SysTopics } from './sys/sys-topics.ts';
import type { Lane } from '../lmq/spi/lane.ts';
import { onlyStore, type Stores } from '../lmq/spi/stores.ts';
import type { ShareGroup } from './share/share-group.ts';
import { ShareLanes } from './share/share-lanes.ts';
import { ShareLog } from './share/share-log.ts';
import { SharePump } from './share/share-pump.ts';
import { Wills } from './will/wills.ts';

/** What the parts are made from: the options of a gateway without its listeners. */
export type AssemblyOptions = Omit<
  GatewayOptions,
  'listeners' | 'backlog' | 'handshakeTimeoutMs' | 'connectionLimits' | 'tcpKeepAlive'
>;

/** Builds what all channels of a gateway share. Nothing of it is started yet. */
export function assemble(
  options: AssemblyOptions,
  stats: GatewayStats,
  stalls: EventLoopStalls,
): ChannelContext {
  const { store, metadata, limits, storeQos0 } = options;
  const stores = options.stores ?? onlyStore(store, options.cluster);
  const silent = new SilentStores(stores.spread);
  const { logger, clock, sessionFlushIntervalMs } = options;
  const { maxPacketSize } = limits;
  const hooks = hookChainOf(options.hooks, { stats, clock, logger, maxPacketSize });
  const authenticator = hooks?.authenticator(options.authenticator) ?? options.authenticator;
  const authorizer = hooks?.authorizer(options.authorizer) ?? options.authorizer;
  const waiters = new CommitWaiters();
  const live = new LiveSubscriptions(options.cluster !== undefined);
  const sessionLog = new SessionLog(store, waiters, clock, sessionFlushIntervalMs, stores);
  const deliverHooks = hooks?.deliver;
  const pump = new DeliveryPump(
    store,
    limits,
    stats,
    clock,
    logger,
    sessionLog,
    deliverHooks,
    stores,
  );
  const shares = assembleShares(options, {
    live,
    sessionLog,
    stats,
    stores,
    silent,
    deliverHooks: hooks?.deliver,
  });
  const sessions = new SessionRegistry({
    shares,
    store,
    stores,
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
  const retained = new RetainedMessages(
    store,
    limits,
    stats,
    clock,
    logger,
    options.cluster,
    (filter) => stores.whenJoined(filter),
  );
  const publisher = new MessagePublisher(store, topics, forwarder, retained);
  const willPublisher =
    hooks?.publish === undefined
      ? publisher
      : new HookedWillPublisher(publisher, hooks.publish, maxPacketSize);
  const common = { store, limits, stats, clock, logger, deliverHooks: hooks?.deliver };
  const interest = options.clientEventsOnDemand === true ? metadata.eventInterest : undefined;
  const eventParts = { stores, topics, publisher, stats, clock, interest };
  const events = eventsOf(options.clientEvents, eventParts);
  if (events !== undefined) sessions.observe(events);
  const sysTopics =
    options.sysTopics === undefined
      ? undefined
      : new SysTopics({ ...common, ...options.sysTopics, topics, forwarder, sessionLog, stalls });
  const wills = new Wills({
    ...common,
    stores,
    publisher: willPublisher,
    wheel,
    cluster: options.cluster,
  });
  const lookUp =
    sysTopics === undefined ? retained : new RetainedLookUps(retained, sysTopics.values);
  return {
    store,
    stores,
    silent,
    metadata,
    topics,
    live,
    sessions,
    forwarder,
    retained,
    retainedSender: new RetainedSender({
      ...common,
      retained: lookUp,
      sessions,
      sessionLog,
      pump,
      handOver: new RetainedHandOver({ ...common, pump }),
    }),
    sysTopics,
    events,
    wills,
    foreign: foreignOf(options, { stores, live, sessions, stats, deliverHooks }),
    publisher,
    shares,
    sessionLog,
    pump,
    waiters,
    gate: new StoreGate(stats, stores),
    turns: new HandlerTurns(clock),
    publishTurns: new PublishTurns(clock),
    wheel,
    authenticator,
    enhancedAuthenticators: byMethod(options.enhancedAuthenticators),
    authorizer,
    hooks,
    limits,
    rules: { ...DEFAULT_RULES, ...options.rules },
    storeQos0,
    stats,
    refusals: new RefusalLog(clock, logger),
    clock,
    logger,
  };
}

/** Undefined when no other gateway is on the store. */
function foreignOf(
  { cluster, store, limits, clock }: AssemblyOptions,
  { stores, live, sessions, stats, deliverHooks }: ForeignParts,
): ForeignMessages | undefined {
  if (cluster === undefined) return undefined;
  const delivery = new SegmentDelivery(limits, stats, clock, deliverHooks);
  return new ForeignMessages({ stores, store, live, sessions, delivery, stats, limits });
}

interface ForeignParts {
  readonly stores: Stores;
  readonly live: LiveSubscriptions;
  readonly sessions: SessionRegistry;
  readonly stats: GatewayStats;
  readonly deliverHooks: DeliverHooks | undefined;
}

function assembleShares(
  options: AssemblyOptions,
  {
    stores,
    silent,
    live,
    sessionLog,
    stats,
    deliverHooks,
  }: {
    stores: Stores;
    silent: SilentStores;
    live: LiveSubscriptions;
    sessionLog: SessionLog;
    stats: GatewayStats;
    deliverHooks: DeliverHooks | undefined;
  },
): ShareLanes {
  const { store, metadata, limits, clock, logger, sharedSubscriptions, cluster } = options;
  const delivery = new SegmentDelivery(limits, stats, clock, deliverHooks);
  const log = new ShareLog(stores, sessionLog);
  const askForTurn = (group: ShareGroup): void => {
    shares.askForTurn(group);
  };
  const find = (key: string, lane: Lane): ShareGroup | undefined => shares.find(key, lane);
  const pump = new SharePump({
    store,
    silent,
    delivery,
    log,
    sessionLog,
    limits,
    stats,
    logger,
    askForTurn: cluster === undefined ? undefined : askForTurn,
    stores,
    clock,
    find,
  });
  const shares = new ShareLanes({
    stores,
    metadata,
    live,
    pump,
    log,
    stats,
    clock,
    logger,
    ...(sharedSubscriptions ?? DEFAULT_SHARED_SUBSCRIPTIONS),
  });
  return shares;
}
