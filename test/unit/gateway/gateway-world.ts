import { EventLoopStalls } from '../../../src/common/event-loop-stalls.ts';
import type { Authenticator, Authorizer, EnhancedAuthenticator } from '../../../src/auth/types.ts';
import { openAuthenticator } from '../../../src/auth/anonymous-authenticator.ts';
import { type Logger, silentLogger } from '../../../src/common/logger.ts';
import { assemble } from '../../../src/gateway/assembly.ts';
import { Channel } from '../../../src/gateway/channel/channel.ts';
import type { ChannelContext } from '../../../src/gateway/channel/channel-context.ts';
import { closeHomeless } from '../../../src/gateway/cluster/close-homeless.ts';
import { StoreLanes } from '../../../src/gateway/cluster/store-lanes.ts';
import { Connection } from '../../../src/gateway/connection/connection.ts';
import { FlushQueue } from '../../../src/gateway/connection/flush-queue.ts';
import { LingeringStreams } from '../../../src/gateway/connection/lingering-streams.ts';
import type { ClientEvent } from '../../../src/gateway/events/client-event.ts';
import type { GatewayHooks } from '../../../src/gateway/hooks/gateway-hooks.ts';
import { GatewayStats } from '../../../src/gateway/gateway-stats.ts';
import {
  DEFAULT_LIMITS,
  type GatewayLimits,
  type ProtocolRules,
  type SharedSubscriptionOptions,
} from '../../../src/gateway/options.ts';
import { TopicMetadata } from '../../../src/gateway/routing/topic-metadata.ts';
import type { SysTopicsOptions } from '../../../src/gateway/sys/sys-topics-options.ts';
import { createMemoryStore } from '../../../src/lmq/memory/memory-store.ts';
import type { Cluster } from '../../../src/lmq/spi/cluster.ts';
import type { LmqStore } from '../../../src/lmq/spi/lmq-store.ts';
import type { Stores } from '../../../src/lmq/spi/stores.ts';
import {
  connect,
  type ConnectFields,
  decode,
  type Packet,
  puback,
  pubcomp,
  type Publish,
  pubrec,
  subscribe,
} from '../../helpers/packets.ts';
import { PacketSplitter } from '../../helpers/packet-splitter.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeSocket, turns } from './fake-socket.ts';
import { FakeKv } from './routing/topic-metadata-fixtures.ts';

export interface WorldOptions {
  readonly store?: LmqStore;
  readonly cluster?: Cluster;
  readonly stores?: Stores;
  readonly kv?: FakeKv;
  readonly clock?: FakeClock;
  readonly limits?: Partial<GatewayLimits>;
  readonly authenticator?: Authenticator;
  readonly authorizer?: Authorizer;
  readonly enhancedAuthenticators?: readonly EnhancedAuthenticator[];
  readonly rules?: Partial<ProtocolRules>;
  readonly storeQos0?: boolean;
  readonly sharedSubscriptions?: SharedSubscriptionOptions;
  readonly autoCreateTopic?: boolean;
  readonly logger?: Logger;
  readonly hooks?: readonly GatewayHooks[];
  readonly clientEvents?: readonly ClientEvent[];
  readonly clientEventsOnDemand?: boolean;
  readonly sysTopics?: SysTopicsOptions;
}

/** A client over a socket in memory. */
export class FakeClient {
  readonly socket: FakeSocket;
  readonly connection: Connection;
  readonly channel: Channel;
  /** Of the CONNACK. */
  sessionPresent = false;
  readonly #splitter = new PacketSplitter();
  #packets: Packet[] = [];

  constructor(socket: FakeSocket, connection: Connection, channel: Channel) {
    this.socket = socket;
    this.connection = connection;
    this.channel = channel;
  }

  get closed(): boolean {
    return this.connection.closed;
  }

  /** Sends, lets everything happen that follows, and returns what has come since the last call. */
  async exchange(...packets: readonly Buffer[]): Promise<Packet[]> {
    if (packets.length > 0) this.socket.feed(...packets);
    await turns();
    return this.take();
  }

  /** What has been received since the last call. */
  take(): Packet[] {
    this.#splitter.push(this.socket.takeSent(), (buffer, start, bodyStart, end) => {
      this.#packets.push(decode(buffer[start]!, Buffer.from(buffer.subarray(bodyStart, end))));
    });
    const taken = this.#packets;
    this.#packets = [];
    return taken;
  }

  /** Packets that the next `take` returns. */
  putBack(packets: readonly Packet[]): void {
    this.#packets.unshift(...packets);
  }

  /** The PUBLISH packets among what has come. */
  async publishes(...packets: readonly Buffer[]): Promise<Publish[]> {
    const received = await this.exchange(...packets);
    return received.filter((packet): packet is Publish => packet.type === 'publish');
  }

  /** Completes every delivery that comes until none comes any more; returns the payloads in order. */
  async drain(): Promise<string[]> {
    const payloads: string[] = [];
    for (let packets = await this.exchange(); packets.length > 0;) {
      const answers: Buffer[] = [];
      for (const packet of packets) {
        if (packet.type === 'publish') {
          payloads.push(packet.payload.toString());
          if (packet.qos === 1) answers.push(puback(packet.id));
          if (packet.qos === 2) answers.push(pubrec(packet.id));
        } else if (packet.type === 'pubrel') {
          answers.push(pubcomp(packet.id));
        }
      }
      packets = await this.exchange(...answers);
    }
    return payloads;
  }

  /** The connection breaks. */
  async lose(): Promise<void> {
    this.socket.destroy();
    await turns();
  }
}

/** The parts of a gateway over a store in memory, without listeners. */
export class World {
  readonly clock: FakeClock;
  readonly store: LmqStore;
  readonly stats: GatewayStats = new GatewayStats();
  readonly #channels = new Set<Channel>();
  readonly context: ChannelContext;
  readonly lanes: StoreLanes;
  readonly kv: FakeKv;
  readonly metadata: TopicMetadata;
  readonly flushQueue: FlushQueue = new FlushQueue();
  readonly lingering: LingeringStreams;

  constructor(options: WorldOptions = {}) {
    this.clock = options.clock ?? new FakeClock();
    this.lingering = new LingeringStreams(this.clock);
    this.kv = options.kv ?? new FakeKv();
    this.store = options.store ?? createMemoryStore({ clock: this.clock });
    this.metadata = new TopicMetadata({
      kv: this.kv,
      filters: this.store,
      stores: options.stores,
      autoCreateTopic: options.autoCreateTopic ?? true,
      autoCreateWildcard: true,
      logger: silentLogger,
      clock: this.clock,
    });
    this.context = assemble(
      {
        store: this.store,
        cluster: options.cluster,
        stores: options.stores,
        metadata: this.metadata,
        authenticator: options.authenticator ?? openAuthenticator,
        authorizer: options.authorizer,
        enhancedAuthenticators: options.enhancedAuthenticators ?? [],
        rules: options.rules ?? {},
        limits: { ...DEFAULT_LIMITS, ...options.limits },
        ...(options.sharedSubscriptions === undefined
          ? {}
          : { sharedSubscriptions: options.sharedSubscriptions }),
        storeQos0: options.storeQos0 ?? true,
        sessionFlushIntervalMs: 1000,
        clientEvents: options.clientEvents,
        clientEventsOnDemand: options.clientEventsOnDemand ?? false,
        sysTopics: options.sysTopics,
        logger: options.logger ?? silentLogger,
        ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
        clock: this.clock,
      },
      this.stats,
      new EventLoopStalls(this.clock),
    );
    const { waiters, pump, sessions, shares, foreign, gate, sessionLog } = this.context;
    this.store.onCommit((commit, error) => {
      waiters.onCommit(commit, error);
    });
    this.store.onArrival((arrivals) => {
      for (const arrival of arrivals) {
        foreign?.arrived(arrival);
        shares.arrived(arrival);
        if (pump.reads(arrival.queue.id)) pump.arrived(arrival);
        else sessions.peerQueues.arrivedUnread(arrival);
      }
      pump.runScheduled();
    });
    this.store.onWritable(() => {
      gate.open();
    });
    sessionLog.start(pump);
    this.lanes = new StoreLanes(this.context, () => {
      closeHomeless(this.#channels, this.context.silent, '');
    });
    this.lanes.start();
  }

  /** A connected socket that has sent nothing. */
  open(socket: FakeSocket = new FakeSocket()): FakeClient {
    const { limits } = this.context;
    this.stats.connectionsCurrent++;
    const connection = new Connection(
      socket.socket,
      this.flushQueue,
      this.lingering,
      this.stats,
      limits.highWater,
    );
    const channel = new Channel(this.context, connection, (closed) => {
      this.#channels.delete(closed);
    });
    this.#channels.add(channel);
    connection.open(channel);
    return new FakeClient(socket, connection, channel);
  }

  /** A client whose CONNECT was accepted. */
  async connected(fields: Partial<ConnectFields> = {}, socket?: FakeSocket): Promise<FakeClient> {
    const client = this.open(socket);
    const packets = await client.exchange(connect({ clientId: 'c', keepAlive: 0, ...fields }));
    const [first, ...rest] = packets;
    if (first?.type !== 'connack' || first.code !== 0) throw new Error('CONNECT was not accepted');
    client.sessionPresent = first.sessionPresent;
    client.putBack(rest);
    return client;
  }

  async subscribed(
    fields: Partial<ConnectFields>,
    ...filters: readonly (readonly [string, number])[]
  ): Promise<FakeClient> {
    const client = await this.connected(fields);
    const packets = await client.exchange(subscribe(1, ...filters));
    if (!packets.some(({ type }) => type === 'suback')) throw new Error('no SUBACK');
    client.putBack(packets.filter(({ type }) => type !== 'suback'));
    return client;
  }
}
