import type { Clock } from '../../common/clock.ts';
import { ErrorCode, StoreError } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { isGrownFrom, newestGeneration, type StoreTable } from '../../common/store-table.ts';
import type { Lane } from '../spi/lane.ts';
import type { LaneMembers } from './lane-members.ts';
import type { LaneStore } from '../spi/lane-store.ts';
import type { LiveSpread } from './live-spread.ts';

export interface GrowthOptions {
  readonly members: LaneMembers;
  readonly spread: LiveSpread;
  readonly create: (table: StoreTable, lane: Lane) => LaneStore;
  /** Last step before a store counts as one of them. */
  readonly follow: (store: LaneStore, lane: Lane) => Promise<void>;
  readonly settleTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How the table of stores grows while the gateway runs: one step after the other. */
export class Growth {
  readonly #options: GrowthOptions;
  /** What stores are told: everything is heard from the stores of this generation. */
  #generation: number;
  #onLaneAdded: ((lane: Lane) => Promise<void>) | undefined;
  #onSpreadChanged: (() => void) | undefined;
  /** Lanes from which not everything is heard yet. */
  #unheard: Lane[] = [];
  readonly #starting = new Set<LaneStore>();
  #last: Promise<void> = Promise.resolve();
  #isStopped = false;
  #wake: (() => void) | undefined;

  constructor(options: GrowthOptions) {
    this.#options = options;
    this.#generation = newestGeneration(options.spread.table);
    options.members.each((store) => {
      store.onCommit(() => this.#wake?.());
    });
  }

  get generation(): number {
    return this.#generation;
  }

  onLaneAdded(prepare: (lane: Lane) => Promise<void>): void {
    this.#onLaneAdded = prepare;
  }

  onSpreadChanged(listener: () => void): void {
    this.#onSpreadChanged = listener;
  }

  prepare(table: StoreTable): Promise<void> {
    return this.#next(() => this.#prepare(table));
  }

  activate(table: StoreTable): Promise<void> {
    return this.#next(async () => {
      await this.#prepare(table);
      await this.#activate(table);
    });
  }

  /** Runs a step while the table does not grow. */
  alone(step: () => Promise<void>): Promise<void> {
    return this.#next(step);
  }

  /** Gives up what is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    await Promise.all(Array.from(this.#starting, (store) => store.stop()));
  }

  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#last.then(step);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #prepare(table: StoreTable): Promise<void> {
    const { spread, members, logger } = this.#options;
    const before = spread.table;
    if (!isGrownFrom(before, table)) {
      throw new StoreError(ErrorCode.CONFIG_INVALID, 'the table of stores has not just grown');
    }
    if (table.stores.length > before.stores.length) {
      const added = await this.#attach(table);
      for (const store of added) {
        this.#unheard.push(members.all.length);
        members.add(store);
      }
      spread.become({ stores: table.stores, active: before.active });
      const stores = table.stores.slice(before.stores.length).map(({ name }) => name);
      logger.info({ stores }, 'attached to stores that are being added');
    }
    for (let [lane] = this.#unheard; lane !== undefined; [lane] = this.#unheard) {
      await this.#onLaneAdded?.(lane);
      this.#unheard.shift();
    }
    this.#generation = newestGeneration(table);
  }

  /** The stores that the table has more, started; all or none. */
  async #attach(table: StoreTable): Promise<LaneStore[]> {
    const { members, create, follow } = this.#options;
    const added: LaneStore[] = [];
    for (let lane = members.all.length; lane < table.stores.length; lane++) {
      added.push(create(table, lane));
    }
    for (const store of added) this.#starting.add(store);
    try {
      if (this.#isStopped) throw closed();
      await Promise.all(
        added.map(async (store, i) => {
          await store.start();
          await follow(store, members.all.length + i);
        }),
      );
      // It may have been stopped meanwhile.
      if (this.#hasStopped()) throw closed();
      return added;
    } catch (error) {
      await Promise.all(added.map((store) => store.stop()));
      throw error;
    } finally {
      for (const store of added) this.#starting.delete(store);
    }
  }

  async #activate(table: StoreTable): Promise<void> {
    const { members, spread, logger } = this.#options;
    if (table.active === spread.table.active) return;
    for (const store of members.all) store.suspend();
    try {
      await this.#settled();
      // From here on nothing is awaited: what is written next goes where the new table says.
      spread.become(table);
      this.#onSpreadChanged?.();
      // What comes from the new stores waits for it, at all gateways (docs/adr/0621).
      for (const store of members.all) store.tellGenerations();
    } finally {
      for (const store of members.all) store.resume();
    }
    logger.info({ generation: table.active }, 'messages go to the stores of this generation');
  }

  /** Until every record that has been appended is durable or has failed, and at once then. */
  async #settled(): Promise<void> {
    const { members, clock, settleTimeoutMs } = this.#options;
    const wait = { isLate: false };
    const timer = clock.after(
      settleTimeoutMs,
      () => {
        wait.isLate = true;
        this.#wake?.();
      },
      true,
    );
    try {
      while (!members.all.every(({ isSettled }) => isSettled)) {
        if (this.#isStopped) throw closed();
        if (wait.isLate) {
          const message = 'messages that are not settled keep the stores of the generation before';
          throw new StoreError(ErrorCode.STORE_UNAVAILABLE, message, { retryable: true });
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      timer.cancel();
      this.#wake = undefined;
    }
  }

  #hasStopped(): boolean {
    return this.#isStopped;
  }
}

function closed(): StoreError {
  return new StoreError(ErrorCode.STORE_CLOSED, 'the stores are closed');
}
