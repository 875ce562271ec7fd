import { EventLoopStalls } from '../common/event-loop-stalls.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Arrival } from '../lmq/spi/types.ts';
import { assemble } from './assembly.ts';
import { Channel } from './channel/channel.ts';
import { closeHomeless } from './cluster/close-homeless.ts';
import { StoreLanes } from './cluster/store-lanes.ts';
import type { ChannelContext } from './channel/channel-context.ts';
import { Connection } from './connection/connection.ts';
import { drain, NO_DRAIN } from './drain.ts';
import { FlushQueue } from './connection/flush-queue.ts';
import { LingeringStreams } from './connection/lingering-streams.ts';
import { ReadTurns } from './connection/read-turns.ts';
import { GatewayStats } from './gateway-stats.ts';
import type { ByteStream, Peer } from './connection/byte-stream.ts';
import { ConnectionLimiter, NO_CONNECTION_LIMITS } from './listener/connection-limiter.ts';
import type { BoundAddress } from './listener/listener-options.ts';
import { type ListenerContext, MqttListener } from './listener/mqtt-listener.ts';
import { largestPacketSize } from './listener/listener-settings.ts';
import { contextOfListener } from './listener-context.ts';
import { RefusedConnections } from './listener/refused-connections.ts';
import { PendingSockets } from './listener/pending-sockets.ts';
import { TcpKeepAlive } from './listener/tcp-keep-alive.ts';
import type { OutgoingMessage } from './message-publisher.ts';
import type { GatewayOptions } from './options.ts';
import { DeliveryRounds } from './session/delivery-rounds.ts';
import { SessionSweeper } from './session/session-sweeper.ts';

/** How often `stop` looks whether all sessions are saved, ms. */
const DRAIN_POLL_MS = 5;
/** How long `stop` waits for peers that have not closed their side, ms. */
const LAST_WORDS_MS = 300;
/** Connections over a limit that are told so at a time. */
const REFUSED_AT_ONCE = 64;
const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;

/** One gateway node: listeners, channels, sessions and delivery over a store and a topic registry. */
export class Gateway implements Service {
  readonly stats: GatewayStats = new GatewayStats();
  /** For whoever tells them; counted while somebody does. */
  readonly stalls: EventLoopStalls;
  readonly #options: GatewayOptions;
  readonly #context: ChannelContext;
  readonly #flushQueue = new FlushQueue();
  readonly #lingering: LingeringStreams;
  readonly #readTurns: ReadTurns;
  readonly #channels = new Set<Channel>();
  readonly #tcpKeepAlive: TcpKeepAlive;
  readonly #pending: PendingSockets;
  readonly #sweeper: SessionSweeper;
  readonly #rounds: DeliveryRounds;
  #listeners: MqttListener[] = [];

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.stalls = new EventLoopStalls(options.clock);
    this.#lingering = new LingeringStreams(options.clock);
    this.#readTurns = new ReadTurns(options.clock, this.stats);
    this.#tcpKeepAlive = new TcpKeepAlive(options.tcpKeepAlive, options.logger);
    const { handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS } = options;
    this.#pending = new PendingSockets(options.clock, handshakeTimeoutMs, () => {
      this.stats.handshakeTimeouts++;
    });
    const settings = options.listeners.map((listener) => listener.settings);
    const maxPacketSize = largestPacketSize(options.limits, settings);
    const limits =
      maxPacketSize === options.limits.maxPacketSize
        ? options.limits
        : { ...options.limits, maxPacketSize };
    this.#context = assemble({ ...options, limits }, this.stats, this.stalls);
    const { store, cluster, clock, logger } = options;
    this.#rounds = new DeliveryRounds(this.#context.pump, clock);
    this.#sweeper = new SessionSweeper({
      sessions: this.#context.sessions,
      store,
      stores: this.#context.stores,
      cluster,
      clock,
      logger,
    });
  }

  /** The addresses that are bound, in the order of the options. */
  addresses(): readonly BoundAddress[] {
    return this.#listeners.map((listener) => listener.address);
  }

  /** Sessions with delivery progress that is not saved. */
  get dirtySessions(): number {
    return this.#context.sessionLog.dirtyCount;
  }

  /**
   * Publishes from inside: no authorization, no publish hooks. Resolves when the message is durable.
   * @param publisher client id that it is published in the name of
   * @throws MqttProtocolError when the topic is none, or is not registered
   */
  async publish(message: OutgoingMessage, publisher = ''): Promise<void> {
    await this.#options.store.committed(this.#context.publisher.publish(message, publisher));
  }

  async start(): Promise<void> {
    const { store } = this.#options;
    const { waiters, pump, gate, sessionLog } = this.#context;
    store.onCommit((commit, error) => {
      waiters.onCommit(commit, error);
    });
    store.onArrival((arrivals) => {
      this.#arrived(arrivals);
    });
    store.onWritable(() => {
      gate.open();
    });
    sessionLog.start(pump);
    const lanes = new StoreLanes(this.#context, () => {
      this.#closeHomeless();
    });
    lanes.start();
    this.#sweeper.start();
    this.#context.sessions.start();
    await this.#tcpKeepAlive.load();
    try {
      await this.#context.shares.start(this.#context.sessions);
      await this.#context.retained.start();
      await this.#context.wills.start();
      lanes.groupsKnown();
      await this.#context.sysTopics?.start(() => this.#unsentBytes());
      await this.#listen();
      lanes.started();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Accepts no more, closes every connection with its session saved. */
  async stop(): Promise<void> {
    const swept = this.#sweeper.stop();
    for (const listener of this.#listeners) listener.stop();
    this.#listeners = [];
    this.#pending.destroyAll();
    const { clock } = this.#options;
    const { sessionLog, sessions } = this.#context;
    await drain(this.#channels, this.#options.drain ?? NO_DRAIN, clock);
    // A peer that is still sending gets a moment to read why it is closed.
    const lingerUntil = clock.monotonic() + LAST_WORDS_MS;
    const isLingering = () => this.#lingering.size > 0 && clock.monotonic() < lingerUntil;
    while (sessions.busy > 0 || sessions.size > 0 || isLingering()) {
      await new Promise<void>((resolve) => {
        // The last socket may be gone, and the sessions not saved yet.
        clock.after(DRAIN_POLL_MS, resolve, true);
      });
    }
    await swept;
    this.#lingering.destroyAll();
    this.#context.shares.stop();
    sessionLog.stop();
    await sessions.stop();
    this.#context.events?.stop();
    await this.#context.sysTopics?.stop();
    await this.#context.wills.stop();
    this.#context.retained.stop();
  }

  #closeHomeless(): void {
    const { drain: { serverReference } = NO_DRAIN } = this.#options;
    const { silent, logger } = this.#context;
    const connections = closeHomeless(this.#channels, silent, serverReference);
    logger.warn({ connections }, 'closed the connections of sessions whose store is silent');
  }

  #unsentBytes(): number {
    let bytes = 0;
    for (const { connection } of this.#channels) bytes += connection.unsentBytes;
    return bytes;
  }

  async #listen(): Promise<void> {
    const common = this.#listenerContext();
    for (const options of this.#options.listeners) {
      const { limits } = this.#options;
      const channelContext = contextOfListener(this.#context, limits, options.settings);
      const listener = new MqttListener(options, {
        ...common,
        maxPacketSize: channelContext.limits.maxPacketSize,
        onStream: (stream, peer) => {
          this.#accept(channelContext, stream, peer);
        },
      });
      await listener.start();
      this.#listeners.push(listener);
    }
  }

  /** What the listeners share. */
  #listenerContext(): Omit<ListenerContext, 'onStream' | 'maxPacketSize'> {
    const { backlog, tcpKeepAlive, limits, connectionLimits, logger, clock } = this.#options;
    const { handshakeTimeoutMs = DEFAULT_HANDSHAKE_TIMEOUT_MS } = this.#options;
    return {
      backlog,
      keepAlive: tcpKeepAlive,
      tcpKeepAlive: this.#tcpKeepAlive,
      handshakeTimeoutMs,
      limiter: new ConnectionLimiter(clock, connectionLimits ?? NO_CONNECTION_LIMITS),
      pending: this.#pending,
      stats: this.stats,
      logger,
      clock,
      hasRoom: () => this.#channels.size + this.#pending.size < limits.maxConnections,
      refused: new RefusedConnections(
        clock,
        this.#flushQueue,
        this.#lingering,
        this.stats,
        REFUSED_AT_ONCE,
      ),
    };
  }

  #accept(context: ChannelContext, stream: ByteStream, peer: Peer | undefined): void {
    const { highWater } = this.#options.limits;
    this.stats.connectionsCurrent++;
    const connection = new Connection(
      stream,
      this.#flushQueue,
      this.#lingering,
      this.stats,
      highWater,
      peer,
      this.#readTurns,
    );
    const channel = new Channel(context, connection, this.#onChannelClosed);
    this.#channels.add(channel);
    connection.open(channel);
  }

  /** One for all channels. */
  readonly #onChannelClosed = (channel: Channel): void => {
    this.#channels.delete(channel);
  };

  #arrived(arrivals: readonly Arrival[]): void {
    const { pump, sessions, shares, foreign } = this.#context;
    for (const arrival of arrivals) {
      foreign?.arrived(arrival);
      shares.arrived(arrival);
      if (pump.reads(arrival.queue.id)) this.#rounds.add(arrival);
      else sessions.peerQueues.arrivedUnread(arrival);
    }
    this.#rounds.endOfCommit();
    pump.runScheduled();
  }
}

/** Makes a gateway node; `start` binds its listeners and rejects with ListenError for an address that cannot be bound. */
export function createGateway(options: GatewayOptions): Gateway {
  return new Gateway(options);
}
