import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';

/** Who registers: a name and the number of its life. */
export interface Registration {
  readonly name: string;
  readonly epoch: number;
}

export interface LeaseTableOptions<T extends Registration> {
  /** What registers here, for messages. */
  readonly what: string;
  readonly leaseMs: number;
  readonly max: number;
  /** Characters of all registrations together, as JSON: watchers get them in one message. */
  readonly maxLength: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when somebody has come, gone or changed. */
  readonly changed: () => void;
  /** Called with those whose lease is over, when they are gone. */
  readonly lapsed?: (registrations: readonly T[]) => void;
}

interface Lease<T> {
  readonly registration: T;
  readonly length: number;
  readonly endsMs: number;
}

/** Registrations by name that end when they are not renewed. */
export class LeaseTable<T extends Registration> {
  readonly #options: LeaseTableOptions<T>;
  readonly #leases = new Map<string, Lease<T>>();
  #length = 0;

  constructor(options: LeaseTableOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#leases.size;
  }

  /** Sorted by name. */
  list(): readonly T[] {
    return [...this.#leases.values()]
      .map(({ registration }) => registration)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Registers or renews.
   * @throws RpcError FAILED_PRECONDITION when a younger life is registered, RESOURCE_EXHAUSTED when there
   *   are too many
   */
  register(registration: T): void {
    const { what, clock, leaseMs, logger, changed } = this.#options;
    const { name, epoch } = registration;
    const known = this.#leases.get(name);
    if (known !== undefined && known.registration.epoch > epoch) {
      throw new RpcError(
        RpcStatus.FAILED_PRECONDITION,
        `${what} "${name}" has registered with epoch ${String(known.registration.epoch)}; ${String(epoch)} is older`,
      );
    }
    const length = JSON.stringify(registration).length;
    this.#requireRoom(known, length);
    this.#drop(name);
    this.#leases.set(name, { registration, length, endsMs: clock.monotonic() + leaseMs });
    this.#length += length;
    if (isDeepStrictEqual(known?.registration, registration)) return;
    logger.info({ [what]: name, epoch }, `${what} registered`);
    changed();
  }

  /** Ends a registration unless it is of a younger life; an unknown one is no error. */
  unregister(name: string, epoch: number): void {
    const known = this.#leases.get(name)?.registration;
    if (known === undefined || known.epoch > epoch) return;
    this.#drop(name);
    this.#options.logger.info({ [this.#options.what]: name, epoch }, `${this.#options.what} left`);
    this.#options.changed();
  }

  /** Ends the registrations whose lease is over. */
  dropSilent(): void {
    const { what, clock, logger, changed, lapsed } = this.#options;
    const nowMs = clock.monotonic();
    const dropped: T[] = [];
    for (const [name, { endsMs, registration }] of this.#leases) {
      if (endsMs > nowMs) continue;
      this.#drop(name);
      dropped.push(registration);
      logger.warn({ [what]: name }, `${what} dropped: it has been silent`);
    }
    if (dropped.length === 0) return;
    changed();
    lapsed?.(dropped);
  }

  #requireRoom(known: Lease<T> | undefined, length: number): void {
    const { what, max, maxLength } = this.#options;
    if (known === undefined && this.#leases.size >= max) {
      throw new RpcError(
        RpcStatus.RESOURCE_EXHAUSTED,
        `there are ${String(max)} registrations of a ${what} already, which is the limit`,
      );
    }
    if (this.#length - (known?.length ?? 0) + length > maxLength) {
      throw new RpcError(
        RpcStatus.RESOURCE_EXHAUSTED,
        `the registrations of each ${what} together are over their limit of ${String(maxLength)} characters`,
      );
    }
  }

  #drop(name: string): void {
    this.#length -= this.#leases.get(name)?.length ?? 0;
    this.#leases.delete(name);
  }
}
