import type { MetricsSnapshot } from '../admin/exposition.ts';
import { ConfigError, isRetryable, messageOf } from '../common/errors.ts';
import type { Service } from '../common/lifecycle.ts';
import { silentLogger } from '../common/logger.ts';
import type { StoreTable } from '../common/store-table.ts';
import type { DrainOptions } from '../gateway/drain.ts';
import { NamesrvClient } from '../namesrv/client/namesrv-client.ts';
import { LMQTT_NAMESPACE } from '../namesrv/types.ts';
import { storeTableIn, whyNoStore } from './choose-store.ts';
import { type Composition, partOf, type Role } from './composition.ts';
import type { ConnectConf } from './config/connect-conf.ts';
import { createGatewayLife, type GatewayLife, type GatewayNode } from './gateway-life.ts';
import { gatewayRegistration } from './gateway-registration.ts';
import { namesrvAddressesFrom, nodeNameFrom } from './node-names.ts';
import { nodeCredentialsFrom } from './node-security.ts';
import type { Where } from './ready-file.ts';
import { ServiceGroup } from './service-group.ts';
import { Patience } from './patience.ts';

/** More than any process lives, ms. */
const FOREVER_MS = 2 ** 52;
/** Between two attempts to begin anew. */
const RETRY_MS = 1000;
const noop = (): void => undefined;

/**
 * A gateway over a store of another process. Waits for a name server and a store. When the store has
 * counted it as dead, it begins anew in the same process.
 * @throws ConfigError when the configuration contradicts itself
 */
export function createGatewayRole(composition: Composition): Role {
  const { cluster, connect } = composition.config;
  const name = nodeNameFrom(cluster, connect.mqttPort, process.pid);
  return new GatewayRole(composition, name, false);
}

/** The same as one of several processes that standalone has started, with a store of their own. */
export function createWorkerRole(composition: Composition, number: string): WorkerRole {
  return new GatewayRole(composition, `worker-${number}`, true);
}

export interface WorkerRole extends Role {
  /** What the first process tells; undefined when there are no metrics. */
  metrics(): Promise<MetricsSnapshot | undefined>;
}

class GatewayRole implements WorkerRole {
  readonly #composition: Composition;
  readonly #namesrv: NamesrvClient;
  readonly #node: GatewayNode;
  readonly #group: ServiceGroup;
  readonly #patience: Patience;
  #life: GatewayLife | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #onMoved: () => void = () => undefined;

  constructor(composition: Composition, name: string, isWorker: boolean) {
    const { config, directories } = composition;
    this.#composition = composition;
    const credentials = nodeCredentialsFrom(config.cluster, directories.conf);
    const addresses = namesrvAddressesFrom(config.cluster);
    this.#namesrv = new NamesrvClient({
      addresses,
      credentials,
      name,
      startTimeoutMs: FOREVER_MS,
      ...partOf(composition, 'namesrv'),
    });
    this.#node = {
      name,
      credentials,
      namesrv: this.#namesrv,
      drain: drainFrom(config.connect),
      isWorker,
    };
    this.#patience = new Patience({ ...partOf(composition, 'role'), tell: composition.tell });
    // Says at once when the configuration contradicts itself.
    createGatewayLife({ ...composition, logger: silentLogger }, this.#node, undefined, noop);
    const namesrv: Service = {
      start: () =>
        this.#patience.await(this.#namesrv.start(), { addresses }, 'waiting for a name server'),
      stop: () => this.#namesrv.stop(),
    };
    const gateway: Service = {
      start: () => {
        const started = this.#startGateway();
        // `started` goes to the caller with its error; a renewal only has to come after it.
        this.#renewing = started.catch(() => undefined);
        return started;
      },
      stop: () => this.#stopGateway(),
    };
    this.#group = new ServiceGroup(
      [
        { name: 'name servers', service: namesrv },
        { name: 'gateway', service: gateway },
      ],
      composition,
      config.connect.stopTimeoutMs,
    );
  }

  start(): Promise<void> {
    return this.#group.start();
  }

  stop(): Promise<void> {
    this.#patience.end();
    return this.#group.stop();
  }

  where(): Where {
    return this.#life?.gateway.where() ?? {};
  }

  async metrics(): Promise<MetricsSnapshot | undefined> {
    return this.#life?.gateway.metrics?.snapshot();
  }

  onMoved(listener: () => void): void {
    this.#onMoved = listener;
  }

  #newLife(table: StoreTable | undefined): GatewayLife {
    const { logger } = this.#composition;
    const renew = (): void => {
      this.#renewing = this.#renewing.then(() => this.#renew(life));
    };
    const life = createGatewayLife(this.#composition, this.#node, table, () => {
      if (life !== this.#life || life.isFenced) return;
      logger.info({}, 'topics are spread over several stores now, the gateway begins anew');
      renew();
    });
    life.store.onFenced((reason) => {
      if (life !== this.#life || life.isFenced) return;
      life.isFenced = true;
      logger.error({ reason }, 'the store counts this gateway as dead, it begins anew');
      renew();
    });
    return life;
  }

  async #startGateway(): Promise<void> {
    const { logger } = this.#composition;
    for (;;) {
      const life = this.#newLife(await this.#storesKnown());
      this.#life = life;
      try {
        await life.group.start();
        break;
      } catch (error) {
        const isTransient = life.isFenced || isRetryable(error);
        if (!isTransient || this.#patience.isEnded) throw error;
        logger.warn({ error: messageOf(error) }, 'the store is not there, trying again');
      }
      await this.#patience.pause(RETRY_MS);
    }
    this.#register();
  }

  async #stopGateway(): Promise<void> {
    await this.#renewing;
    // Nobody is to be sent here any more.
    await this.#namesrv.unregister();
    await this.#life?.group.stop();
  }

  /** Resolves with the table of stores when all stores that are needed have registered. */
  async #storesKnown(): Promise<StoreTable | undefined> {
    if (this.#whyNoStore() === undefined) return storeTableIn(this.#namesrv);
    const unlisten: (() => void)[] = [];
    const known = new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.#whyNoStore() === undefined) resolve();
      };
      unlisten.push(this.#namesrv.onRegistryChanged(look));
      unlisten.push(this.#namesrv.watch(LMQTT_NAMESPACE, look));
    });
    try {
      await this.#patience.await(known, {}, this.#whyNoStore() ?? '');
    } finally {
      for (const end of unlisten) end();
    }
    return storeTableIn(this.#namesrv);
  }

  #whyNoStore(): string | undefined {
    try {
      return whyNoStore(this.#namesrv.stores(), storeTableIn(this.#namesrv));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return `waiting for another table of stores: ${error.message}`;
    }
  }

  #register(): void {
    const { clock } = this.#composition;
    this.#namesrv.registerGateway(gatewayRegistration(this.#node.name, this.where(), clock.now()));
  }

  /** What the node believed is void: others have its sessions, or they lie elsewhere. Never rejects. */
  async #renew(life: GatewayLife): Promise<void> {
    // Was fenced while it stopped.
    if (life !== this.#life) return;
    const { logger } = this.#composition;
    await life.group.stop().catch((error: unknown) => {
      logger.warn({ error: messageOf(error) }, 'not everything of the old gateway has stopped');
    });
    for (;;) {
      if (this.#patience.isEnded) return;
      try {
        await this.#startGateway();
        logger.info({ ...this.where() }, 'serving again');
        this.#onMoved();
        return;
      } catch (error) {
        logger.error({ error }, 'beginning anew failed, trying again');
        // Rejects when the process is to stop, which the loop sees.
        await this.#patience.pause(RETRY_MS).catch(() => undefined);
      }
    }
  }
}

/**
 * How clients are sent to the other gateways.
 * @throws ConfigError when that takes longer than a stop may
 */
function drainFrom(connect: Readonly<ConnectConf>): DrainOptions {
  const { drainTimeMs, stopTimeoutMs, serverReference, serverMoved } = connect;
  if (drainTimeMs >= stopTimeoutMs) {
    throw new ConfigError(
      `connect.conf: drainTimeMs ${drainTimeMs} is not less than stopTimeoutMs ${stopTimeoutMs}`,
    );
  }
  return { timeMs: drainTimeMs, serverReference, isPermanent: serverMoved };
}
