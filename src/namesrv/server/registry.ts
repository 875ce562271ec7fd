import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Service } from '../../common/lifecycle.ts';
import type { Logger } from '../../common/logger.ts';
import type { GatewayRegistration, StoreRegistration } from '../types.ts';
import { LeaseTable } from './lease-table.ts';

/** Bounds and times of the registry. */
export interface RegistryOptions {
  /** How often stores and gateways are told to renew. */
  readonly renewAfterMs: number;
  /** A registration that is not renewed for this long ends. */
  readonly leaseMs: number;
  readonly maxStores: number;
  readonly maxGateways: number;
  /** Characters of all stores together, and of all gateways together, as JSON. */
  readonly maxLength: number;
}

/** As RocketMQ: brokers register each 30 s and are gone after 120 s of silence. */
const DEFAULT_REGISTRY_OPTIONS: RegistryOptions = {
  renewAfterMs: 30_000,
  leaseMs: 120_000,
  maxStores: 1_000,
  maxGateways: 10_000,
  maxLength: 1024 * 1024,
};

/** RocketMQ looks for silent brokers each 5 s. */
const MAX_SWEEP_MS = 5_000;
const SWEEPS_PER_LEASE = 10;

/** The stores and gateways that are alive, in memory: they register again after a restart of the name server. */
export class Registry implements Service {
  readonly stores: LeaseTable<StoreRegistration>;
  readonly gateways: LeaseTable<GatewayRegistration>;
  readonly #options: RegistryOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listeners = new Set<() => void>();
  #sweep: Timer | undefined;
  #warmUp: Timer | undefined;

  /** @param gatewaysLapsed called with the gateways that have been dropped because they were silent */
  constructor(
    options: Partial<RegistryOptions>,
    clock: Clock,
    logger: Logger,
    gatewaysLapsed: (gone: readonly GatewayRegistration[]) => void = () => undefined,
  ) {
    this.#options = { ...DEFAULT_REGISTRY_OPTIONS, ...options };
    this.#clock = clock;
    this.#logger = logger;
    const changed = (): void => {
      this.#tell();
    };
    const { leaseMs, maxStores, maxGateways, maxLength } = this.#options;
    const common = { leaseMs, maxLength, clock, logger, changed };
    this.stores = new LeaseTable({ ...common, what: 'store', max: maxStores });
    this.gateways = new LeaseTable({
      ...common,
      what: 'gateway',
      max: maxGateways,
      lapsed: gatewaysLapsed,
    });
  }

  get renewAfterMs(): number {
    return this.#options.renewAfterMs;
  }

  get leaseMs(): number {
    return this.#options.leaseMs;
  }

  /** Who is alive may not have registered here since the start. */
  get isWarmingUp(): boolean {
    return this.#warmUp !== undefined;
  }

  start(): Promise<void> {
    const { leaseMs } = this.#options;
    const sweepMs = Math.max(1, Math.min(MAX_SWEEP_MS, Math.floor(leaseMs / SWEEPS_PER_LEASE)));
    this.#sweep ??= this.#clock.every(sweepMs, () => {
      this.stores.dropSilent();
      this.gateways.dropSilent();
    });
    this.#warmUp ??= this.#clock.after(leaseMs, () => {
      this.#warmUp = undefined;
      this.#tell();
    });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#sweep?.cancel();
    this.#sweep = undefined;
    this.#warmUp?.cancel();
    this.#warmUp = undefined;
    return Promise.resolve();
  }

  /** Calls `listener` at each change, at once. Returns the unlisten. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        this.#logger.error({ error: messageOf(error) }, 'a listener of the registry failed');
      }
    }
  }
}
