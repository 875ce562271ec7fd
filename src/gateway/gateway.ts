import type { Service } from '../common/lifecycle.ts';
import { TimerWheel } from '../common/timer-wheel.ts';
import type { Arrival } from '../lmq/spi/types.ts';
import { Channel } from './channel/channel.ts';
import type { ChannelContext } from './channel/channel-context.ts';
import { CommitWaiters } from './session/commit-waiters.ts';
import { StoreGate } from './channel/store-gate.ts';
import { Connection } from './connection/connection.ts';
import { FlushQueue } from './connection/flush-queue.ts';
import { GatewayStats } from './gateway-stats.ts';
import { TcpKeepAlive } from './listener/tcp-keep-alive.ts';
import { type AcceptedSocket, TcpListener } from './listener/tcp-listener.ts';
import type { GatewayOptions, ListenAddress } from './options.ts';
import { LiveSubscriptions } from './routing/live-subscriptions.ts';
import { TopicTable } from './routing/topic-table.ts';
import { DeliveryPump } from './session/delivery-pump.ts';
import { SessionLog } from './session/session-log.ts';
import { SessionRegistry } from './session/session-registry.ts';

/** How often `stop` looks whether all sessions are saved, ms. */
const DRAIN_POLL_MS = 5;

/** One gateway node: listeners, channels, sessions and delivery over a store and a topic registry. */
export class Gateway implements Service {
  readonly stats: GatewayStats = new GatewayStats();
  readonly #options: GatewayOptions;
  readonly #context: ChannelContext;
  readonly #flushQueue = new FlushQueue();
  readonly #channels = new Set<Channel>();
  readonly #tcpKeepAlive: TcpKeepAlive;
  #listeners: TcpListener[] = [];

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#tcpKeepAlive = new TcpKeepAlive(options.tcpKeepAlive, options.logger);
    this.#context = this.#assemble();
  }

  /** The addresses that are bound, in the order of the options. */
  addresses(): readonly ListenAddress[] {
    return this.#listeners.map((listener) => listener.address);
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
    await this.#tcpKeepAlive.load();
    try {
      for (const address of this.#options.listeners) await this.#listen(address);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Accepts no more, closes every connection with its session saved. */
  async stop(): Promise<void> {
    for (const listener of this.#listeners) listener.stop();
    this.#listeners = [];
    const { sessionLog, sessions } = this.#context;
    for (const channel of [...this.#channels]) channel.close('gateway is stopping');
    while (sessions.busy > 0 || sessions.size > 0) {
      await new Promise<void>((resolve) => {
        this.#options.clock.after(DRAIN_POLL_MS, resolve);
      });
    }
    sessionLog.stop();
  }

  #assemble(): ChannelContext {
    const { store, metadata, authenticator, authorizer, limits, storeQos0 } = this.#options;
    const { logger, clock, sessionFlushIntervalMs } = this.#options;
    const { stats } = this;
    const waiters = new CommitWaiters();
    const live = new LiveSubscriptions();
    const sessionLog = new SessionLog(store, waiters, clock, sessionFlushIntervalMs);
    const pump = new DeliveryPump(store, limits, stats, clock, logger, sessionLog);
    return {
      store,
      metadata,
      topics: new TopicTable(store, live, metadata, limits.maxTopicLevels),
      live,
      sessions: new SessionRegistry({
        store,
        metadata,
        live,
        pump,
        log: sessionLog,
        stats,
        clock,
        logger,
        maxInflight: limits.maxInflight,
      }),
      sessionLog,
      pump,
      waiters,
      gate: new StoreGate(stats),
      wheel: new TimerWheel(clock),
      authenticator,
      authorizer,
      limits,
      storeQos0,
      stats,
      clock,
      logger,
    };
  }

  async #listen(address: ListenAddress): Promise<void> {
    const listener = new TcpListener({
      address,
      backlog: this.#options.backlog,
      keepAlive: this.#options.tcpKeepAlive,
      tcpKeepAlive: this.#tcpKeepAlive,
      onSocket: (socket) => {
        this.#accept(socket);
      },
      onError: (error) => {
        this.#options.logger.error({ error: error.message }, 'accepting a connection failed');
      },
    });
    await listener.start();
    this.#listeners.push(listener);
  }

  #accept(socket: AcceptedSocket): void {
    const { limits } = this.#options;
    this.stats.connectionsAccepted++;
    if (this.#channels.size >= limits.maxConnections) {
      this.stats.connectionsRefused++;
      socket.destroy();
      return;
    }
    this.stats.connectionsCurrent++;
    const connection = new Connection(socket, this.#flushQueue, this.stats, limits.highWater);
    const channel = new Channel(this.#context, connection, (closed) =>
      this.#channels.delete(closed),
    );
    this.#channels.add(channel);
    connection.open(channel);
  }

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
