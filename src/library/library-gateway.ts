import { openAuthenticator } from '../auth/anonymous-authenticator.ts';
import type { Authenticator } from '../auth/types.ts';
import { systemClock } from '../common/clock.ts';
import { ConfigError } from '../common/errors.ts';
import type { Service } from '../common/lifecycle.ts';
import { type Logger, silentLogger } from '../common/logger.ts';
import { isLoopback } from '../common/loopback.ts';
import { Gateway } from '../gateway/gateway.ts';
import type { BoundAddress, ListenerOptions } from '../gateway/listener/listener-options.ts';
import { DEFAULT_LIMITS, DEFAULT_TCP_KEEP_ALIVE } from '../gateway/options.ts';
import { TopicMetadata } from '../gateway/routing/topic-metadata.ts';
import type { GatewayStats } from '../gateway/types.ts';
import { createEmbeddedStore } from '../lmq/embedded/embedded-store.ts';
import { createMemoryStore } from '../lmq/memory/memory-store.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import { ALL_FIRST_TOPICS, type KvConfig, LMQ_NAMESPACE } from '../namesrv/types.ts';
import type { GatewayConfig } from './gateway-config.ts';
import { LibraryMetrics } from './library-metrics.ts';
import { listenerOptionsOf } from './listener-config.ts';
import { MemoryKv } from './memory-kv.ts';
import { type MessageToPublish, outgoingMessageOf } from './outgoing-message.ts';

const DEFAULT_PORT = 1883;
const BACKLOG = 8192;
const SESSION_FLUSH_INTERVAL_MS = 1000;

/** A gateway inside a program of your own: store, topics and MQTT listeners in this process. */
export class LibraryGateway implements Service {
  readonly #services: readonly Service[];
  readonly #gateway: Gateway;
  readonly #metrics: LibraryMetrics;
  readonly #kv: KvConfig;
  readonly #firstTopics: readonly string[];
  #started: Service[] = [];

  /** @throws ConfigError when a listener can be reached by others and there is no authenticator */
  constructor(config: GatewayConfig) {
    const { listeners = [{ port: DEFAULT_PORT }], logger = silentLogger } = config;
    const { firstTopics = [], kv = new MemoryKv(), autoCreateWildcard = true } = config;
    const options = listeners.map(listenerOptionsOf);
    const authenticator = authenticatorOf(config, options);
    const clock = systemClock;
    const store = storeOf(config, logger);
    const metadata = new TopicMetadata({
      kv,
      filters: store,
      autoCreateTopic: config.autoCreateTopic ?? config.firstTopics === undefined,
      autoCreateWildcard,
      logger,
      clock,
    });
    const { enhancedAuthenticators, authorizer, hooks, connectionLimits } = config;
    const { sharedSubscriptions, clientEvents, sysTopics } = config;
    this.#gateway = new Gateway({
      listeners: options,
      backlog: BACKLOG,
      store,
      metadata,
      authenticator,
      ...(enhancedAuthenticators === undefined ? {} : { enhancedAuthenticators }),
      authorizer,
      ...(hooks === undefined ? {} : { hooks }),
      ...(connectionLimits === undefined ? {} : { connectionLimits }),
      ...(sharedSubscriptions === undefined ? {} : { sharedSubscriptions }),
      clientEvents,
      sysTopics,
      limits: { ...DEFAULT_LIMITS, ...config.limits },
      rules: config.rules ?? {},
      tcpKeepAlive: DEFAULT_TCP_KEEP_ALIVE,
      storeQos0: config.storeQos0 ?? true,
      sessionFlushIntervalMs: SESSION_FLUSH_INTERVAL_MS,
      logger,
      clock,
    });
    this.#services = [store, metadata, this.#gateway];
    this.#metrics = new LibraryMetrics(this.#gateway, store);
    this.#kv = kv;
    this.#firstTopics = firstTopics;
  }

  /** Counters, the same as the metrics of docs/metrics.md. */
  get stats(): Readonly<GatewayStats> {
    return this.#gateway.stats;
  }

  /** All metrics of docs/metrics.md in the text form of Prometheus. */
  metrics(): Promise<string> {
    return this.#metrics.render();
  }

  /** The addresses that are bound, in the order of the listeners; none before `start`. */
  addresses(): readonly BoundAddress[] {
    return this.#gateway.addresses();
  }

  /** Resolves when clients can connect; rejects, with nothing left running, when they cannot. */
  async start(): Promise<void> {
    if (this.#started.length > 0) return;
    await this.#registerFirstTopics();
    try {
      for (const service of this.#services) {
        this.#started.push(service);
        await service.start();
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Closes every connection, with its session saved, and the store. A gateway is started once. */
  async stop(): Promise<void> {
    const started = this.#started.reverse();
    this.#started = [];
    for (const service of started) await service.stop();
    await this.#metrics.stop();
  }

  /**
   * Publishes a message from inside: no authorization, no publish hooks; deliver hooks see it. Resolves when
   * it is durable: await it, so that you are not faster than the store.
   * @throws TypeError or RangeError for what MQTT cannot carry
   * @throws LmqttError when the first level is not registered, or the store fails
   */
  async publish(message: MessageToPublish): Promise<void> {
    await this.#gateway.publish(outgoingMessageOf(message));
  }

  async #registerFirstTopics(): Promise<void> {
    if (this.#firstTopics.length === 0) return;
    const known = this.#kv.get(LMQ_NAMESPACE, ALL_FIRST_TOPICS)?.split(',') ?? [];
    const all = new Set([...known, ...this.#firstTopics].filter((topic) => topic !== ''));
    await this.#kv.put(LMQ_NAMESPACE, ALL_FIRST_TOPICS, [...all].join(','));
  }
}

/**
 * Makes a gateway; `start` begins to serve.
 * @throws ConfigError when a listener can be reached by others and there is no authenticator
 */
export function createGateway(config: GatewayConfig): LibraryGateway {
  return new LibraryGateway(config);
}

function storeOf({ store }: GatewayConfig, logger: Logger): LmqStore {
  if (store === 'memory') return createMemoryStore();
  return 'directory' in store ? createEmbeddedStore({ logger, ...store }) : store;
}

function authenticatorOf(
  { authenticator }: GatewayConfig,
  listeners: readonly ListenerOptions[],
): Authenticator {
  if (authenticator !== undefined) return authenticator;
  const exposed = listeners.find(
    ({ host, settings }) => settings?.authenticator === undefined && !isLoopback(host),
  );
  if (exposed !== undefined) {
    throw new ConfigError(
      `host ${exposed.host} is not loopback and there is no authenticator: ` +
        'give one, or openAuthenticator to let everyone in',
    );
  }
  return openAuthenticator;
}
