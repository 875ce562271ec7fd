import type { Service } from '../common/lifecycle.ts';
import { TimerWheel } from '../common/timer-wheel.ts';
import type { Arrival } from '../lmq/spi/types.ts';
import { Channel } from './channel/channel.ts';
import type { ChannelContext } from './channel/channel-context.ts';
import { CommitWaiters } from './session/commit-waiters.ts';
import { StoreGate } from './channel/store-gate.ts';
import { LiveForwarder } from './channel/live-forwarder.ts';
import { ReasonCode } from './codec/reason-code.ts';
import { Connection } from './connection/connection.ts';
import { FlushQueue } from './connection/flush-queue.ts';
import { GatewayStats } from './gateway-stats.ts';
import type { ByteStream, Peer } from './connection/byte-stream.ts';
import { ConnectionLimiter, NO_CONNECTION_LIMITS } from './listener/connection-limiter.ts';
import type { BoundAddress } from './listener/listener-options.ts';
import { type ListenerContext, MqttListener } from './listener/mqtt-listener.ts';
import { PendingSockets } from './listener/pending-sockets.ts';
import { TcpKeepAlive } from './listener/tcp-keep-alive.ts';
import type { GatewayOptions } from './options.ts';
import { LiveSubscriptions } from './routing/live-subscriptions.ts';
import { MessagePublisher } from './message-publisher.ts';
import { RetainedMessages } from './retained/retained-messages.ts';
import { RetainedSender } from './retained/retained-sender.ts';
import { TopicTable } from './routing/topic-table.ts';
import { Wills } from './will/wills.ts';
import { DeliveryPump } from './session/delivery-pump.ts';
import { SessionLog } from './session/session-log.ts';
import { SessionRegistry } from './session/session-registry.ts';
import { SessionSweeper } from './session/session-sweeper.ts';

/** How often `stop` looks whether all sessions are saved, ms. */
const DRAIN_POLL_MS = 5;
const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;

/** One gateway node: listeners, channels, sessions and delivery over a store and a topic registry. */
export class Gateway implements Service {
  readonly stats: GatewayStats = new GatewayStats();
  readonly #options: GatewayOptions;
  readonly #context: ChannelContext;
  readonly #flushQueue = new FlushQueue();
  readonly #channels = new Set<Channel>();
  readonly #tcpKeepAlive: TcpKeepAlive;
  readonly #pending: PendingSockets;
  readonly #sweeper: SessionSweeper;
  #listeners: MqttListener[] = [];

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#tcpKeepAlive = new TcpKeepAlive(options.tcpKeepAlive, options.logger);
    const { handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS } = options;
    this.#pending = new PendingSockets(options.clock, handshakeTimeoutMs, () => {
      this.stats.handshakeTimeouts++;
    });
    this.#context = this.#assemble();
    this.#sweeper = new SessionSweeper(this.#context.sessions, options.clock, options.logger);
  }

  /** The addresses that are bound, in the order of the options. */
  addresses(): readonly BoundAddress[] {
    return this.#listeners.map((listener) => listener.address);
  }

  /** Sessions with delivery progress that is not saved. */
  get dirtySessions(): number {
    return this.#context.sessionLog.dirtyCount;
  }

  async start(): Promise<void> {
    const { store } = this.#options;
    const { waiters, pump, gate, sessionLog } = this.#context;
    store.onCommit((commit, error) => {
      waiters.onCommit(commit, error);
    });
    store.onArrival((arrivals) => {
      this.#arrived(arrivals);
      pump.runScheduled();
    });
    store.onWritable(() => {
      gate.open();
    });
    sessionLog.start(pump);
    this.#sweeper.start();
    await this.#tcpKeepAlive.load();
    try {
      await this.#context.retained.start();
      await this.#context.wills.start();
      await this.#listen();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Accepts no more, closes every connection with its session saved. */
  async stop(): Promise<void> {
    this.#sweeper.stop();
    for (const listener of this.#listeners) listener.stop();
    this.#listeners = [];
    this.#pending.destroyAll();
    const { sessionLog, sessions } = this.#context;
    for (const channel of [...this.#channels]) {
      channel.close('gateway is stopping', ReasonCode.SERVER_SHUTTING_DOWN);
    }
    while (sessions.busy > 0 || sessions.size > 0) {
      await new Promise<void>((resolve) => {
        this.#options.clock.after(DRAIN_POLL_MS, resolve);
      });
    }
    sessionLog.stop();
    this.#context.wills.stop();
    this.#context.retained.stop();
  }

  #assemble(): ChannelContext {
    const { store, metadata, authenticator, authorizer, limits, storeQos0 } = this.#options;
    const { logger, clock, sessionFlushIntervalMs } = this.#options;
    const { stats } = this;
    const waiters = new CommitWaiters();
    const live = new LiveSubscriptions();
    const sessionLog = new SessionLog(store, waiters, clock, sessionFlushIntervalMs);
    const pump = new DeliveryPump(store, limits, stats, clock, logger, sessionLog);
    const sessions = new SessionRegistry({
      store,
      metadata,
      live,
      pump,
      log: sessionLog,
      stats,
      clock,
      logger,
      maxInflight: limits.maxInflight,
    });
    const topics = new TopicTable(store, live, metadata, limits.maxTopicLevels);
    const forwarder = new LiveForwarder(sessions, stats, limits);
    const wheel = new TimerWheel(clock);
    const retained = new RetainedMessages(store, limits, stats, clock, logger);
    const publisher = new MessagePublisher(store, topics, forwarder, retained);
    const common = { store, limits, stats, clock, logger };
    return {
      store,
      metadata,
      topics,
      live,
      sessions,
      forwarder,
      retained,
      retainedSender: new RetainedSender({ ...common, retained, sessions, sessionLog, pump }),
      wills: new Wills({ ...common, publisher, wheel }),
      sessionLog,
      pump,
      waiters,
      gate: new StoreGate(stats),
      wheel,
      authenticator,
      authorizer,
      limits,
      storeQos0,
      stats,
      clock,
      logger,
    };
  }

  async #listen(): Promise<void> {
    const context = this.#listenerContext();
    for (const options of this.#options.listeners) {
      const listener = new MqttListener(options, context);
      await listener.start();
      this.#listeners.push(listener);
    }
  }

  #listenerContext(): ListenerContext {
    const { backlog, tcpKeepAlive, limits, connectionLimits, logger, clock } = this.#options;
    const { handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS } = this.#options;
    return {
      backlog,
      keepAlive: tcpKeepAlive,
      tcpKeepAlive: this.#tcpKeepAlive,
      handshakeTimeoutMs,
      maxPacketSize: limits.maxPacketSize,
      limiter: new ConnectionLimiter(clock, connectionLimits ?? NO_CONNECTION_LIMITS),
      pending: this.#pending,
      stats: this.stats,
      logger,
      clock,
      hasRoom: () => this.#channels.size + this.#pending.size < limits.maxConnections,
      onStream: (stream, peer) => {
        this.#accept(stream, peer);
      },
    };
  }

  #accept(stream: ByteStream, peer: Peer | undefined): void {
    const { highWater } = this.#options.limits;
    this.stats.connectionsCurrent++;
    const connection = new Connection(stream, this.#flushQueue, this.stats, highWater, peer);
    const channel = new Channel(this.#context, connection, this.#onChannelClosed);
    this.#channels.add(channel);
    connection.open(channel);
  }

  /** One for all channels. */
  readonly #onChannelClosed = (channel: Channel): void => {
    this.#channels.delete(channel);
  };

  #arrived(arrivals: readonly Arrival[]): void {
    const { pump, sessions } = this.#context;
    for (const arrival of arrivals) {
      if (pump.reads(arrival.queue.id)) pump.arrived(arrival);
      else sessions.arrivedUnread(arrival);
    }
  }
}

export function createGateway(options: GatewayOptions): Gateway {
  return new Gateway(options);
}
