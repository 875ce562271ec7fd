import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import { requireSound, type StoreTable } from '../../common/store-table.ts';
import { ClaimKind, claimKind, claimName, type Cluster } from '../spi/cluster.ts';
import type { Lane } from '../spi/lane.ts';
import type { LmqStore, StoreStats } from '../spi/lmq-store.ts';
import type { Spread, Stores } from '../spi/stores.ts';
import type { CommitNumber, Queue, StateSpace } from '../spi/types.ts';
import { Growth } from './growth.ts';
import { Joining } from './joining.ts';
import { LaneMembers } from './lane-members.ts';
import type { LanePlace, LaneStore } from '../spi/lane-store.ts';
import { LateLanes } from './late-lanes.ts';
import { LiveSpread } from './live-spread.ts';
import type { ListedFilter } from './merged-filters.ts';
import { RoutedFilters } from './routed-filters.ts';
import { RoutedRecords } from './routed-records.ts';
import { RoutedStates } from './routed-states.ts';
import { startLanes } from './start-lanes.ts';
import { summedStats } from './summed-stats.ts';

export interface RoutedStoreOptions {
  /** As it is at the start; it grows by `prepare` and `activate`. A sound one (`requireSound`). */
  readonly table: StoreTable;
  /** A store of the table by its name, not started. */
  readonly member: (name: string, place: LanePlace) => LaneStore;
  /** How long `activate` waits until what is written is settled; default 10,000. */
  readonly settleTimeoutMs?: number;
  /** How long `start` waits for stores that are away when others are there; default 5,000. */
  readonly startGraceMs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const SETTLE_TIMEOUT_MS = 10_000;
const START_GRACE_MS = 5_000;

/** The stores of a cluster as one (docs/adr/0501), and each for itself. */
export interface RoutedStore extends LmqStore, Cluster, Stores {
  /** What is in force here. */
  readonly table: StoreTable;
  /** Names of the stores that are not connected now, or not taken in yet. */
  readonly away: readonly string[];
  clusterOf(lane: Lane): Cluster;
  /**
   * Stores that are new in the table are attached, and everything that is subscribed is heard from there too,
   * when this resolves. What is done already is not done again.
   * @throws StoreError (rejection): the table has not grown out of the one before, or a new store cannot be reached
   */
  prepare(table: StoreTable): Promise<void>;
  /**
   * Messages go where the table says when this resolves: prepares what is not prepared, and stops publishers
   * until what they have written is settled.
   * @throws StoreError (rejection) when that takes too long; publishers go on as before then
   */
  activate(table: StoreTable): Promise<void>;
}

/**
 * What belongs to a topic, a queue or a client goes to the store of that. What does not say where it belongs is
 * asked of `member` and `clusterOf`: here it is a TypeError as soon as there are several stores.
 */
class LaneRouter extends RoutedRecords implements RoutedStore {
  readonly #members: LaneMembers;
  readonly #spread: LiveSpread;
  readonly #states: RoutedStates;
  readonly #filters: RoutedFilters;
  readonly #growth: Growth;
  readonly #late: LateLanes = new LateLanes();
  readonly #joining: Joining;
  readonly #options: RoutedStoreOptions;
  #isFenced = false;

  constructor(options: RoutedStoreOptions) {
    const { table, member, clock, logger } = options;
    requireSound(table);
    const members = new LaneMembers();
    const spread = new LiveSpread(table);
    super(members, spread);
    this.#options = options;
    this.#members = members;
    this.#spread = spread;
    this.#filters = new RoutedFilters(members, spread);
    this.#states = new RoutedStates({ members, spread, late: this.#late, clock, logger });
    const place = {
      generation: () => this.#growth.generation,
      activeGeneration: () => spread.table.active,
    };
    const create = ({ stores }: StoreTable, lane: Lane): LaneStore =>
      member(stores[lane]?.name ?? '', { ...place, lane });
    this.#growth = new Growth({
      members,
      spread,
      create,
      follow: (store, lane) => this.#states.follow(store, lane),
      settleTimeoutMs: options.settleTimeoutMs ?? SETTLE_TIMEOUT_MS,
      clock,
      logger,
    });
    for (const lane of table.stores.keys()) members.add(create(table, lane));
    this.#joining = new Joining({
      late: this.#late,
      nameOf: (lane) => spread.table.stores[lane]?.name ?? String(lane),
      read: (lane) => this.#states.join(this.#members.of(lane), lane),
      alone: (work) => this.#growth.alone(work),
      clock,
      logger,
    });
  }

  async start(): Promise<void> {
    const { clock, startGraceMs: graceMs = START_GRACE_MS } = this.#options;
    try {
      this.#joining.expect(await startLanes({ stores: this.#members.all, graceMs, clock }));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#joining.stop();
    await this.#growth.stop();
    await Promise.all(this.#members.all.map((store) => store.stop()));
  }

  get table(): StoreTable {
    return this.#spread.table;
  }

  get away(): readonly string[] {
    const { stores } = this.#spread.table;
    return stores
      .filter((_, lane) => !this.#members.of(lane).isAttached || this.#late.has(lane))
      .map(({ name }) => name);
  }

  get spread(): Spread {
    return this.#spread;
  }

  prepare(table: StoreTable): Promise<void> {
    return this.#growth.prepare(table);
  }

  activate(table: StoreTable): Promise<void> {
    return this.#growth.activate(table);
  }

  member(lane: Lane): LmqStore {
    return this.#members.of(lane);
  }

  clusterOf(lane: Lane): Cluster {
    return this.#members.of(lane);
  }

  onLaneAdded(prepare: (lane: Lane) => Promise<void>): void {
    this.#growth.onLaneAdded(prepare);
  }

  isJoined(lane: Lane): boolean {
    return !this.#late.has(lane);
  }

  whenJoined(filter: string): Promise<void> | undefined {
    return this.#late.whenJoined(this.#spread.lanesOfFilter(filter));
  }

  onLaneJoined(take: (lane: Lane) => Promise<void>): void {
    this.#joining.onJoined(take);
  }

  haveAllSwitched(lane: Lane): boolean | undefined {
    const { stores } = this.#spread.table;
    const generation = stores[lane]?.generation ?? Infinity;
    const elders = this.#members.all.slice(0, this.#spread.eldersOf(lane));
    const said = elders.map(({ leastGeneration }) => leastGeneration);
    if (said.some((least) => least !== undefined && least < generation)) return false;
    return said.includes(undefined) ? undefined : true;
  }

  onSpreadChanged(listener: () => void): void {
    this.#growth.onSpreadChanged(listener);
  }

  /** Of the first store. */
  get nodeId(): string {
    return this.#members.of(0).nodeId;
  }

  /** Of the first store: each has numbers of its own. */
  get origin(): number {
    return this.#members.of(0).origin;
  }

  get stats(): StoreStats {
    return summedStats(this.#members.all.map(({ stats }) => stats));
  }

  putState(space: StateSpace, key: string, value: Buffer): CommitNumber {
    return this.#states.put(space, key, value);
  }

  deleteState(space: StateSpace, key: string): CommitNumber {
    return this.#states.delete(space, key);
  }

  getState(space: StateSpace, key: string): Promise<Buffer | undefined> {
    return this.#states.get(space, key);
  }

  scanState(
    space: StateSpace,
    after?: string,
  ): AsyncIterable<{ readonly key: string; readonly value: Buffer }> {
    return this.#states.scan(space, after);
  }

  acquireFilter(filter: string, durable: boolean): Promise<Queue> {
    return this.#filters.acquire(filter, durable);
  }

  releaseFilter(filter: string, durable: boolean): CommitNumber {
    return this.#filters.release(filter, durable);
  }

  pinFilter(filter: string): CommitNumber {
    return this.#filters.pin(filter);
  }

  unpinFilter(filter: string): CommitNumber {
    return this.#filters.unpin(filter);
  }

  listFilters(): readonly ListedFilter[] {
    return this.#filters.list();
  }

  async claim(key: string): Promise<void> {
    return this.#ofClaim(key).claim(key);
  }

  async claimIfFree(key: string): Promise<boolean> {
    return this.#ofClaim(key).claimIfFree(key);
  }

  async claimWith<Found>(key: string, read: () => Promise<Found>): Promise<Found> {
    return this.#ofClaim(key).claimWith(key, read);
  }

  release(key: string): void {
    this.#ofClaim(key).release(key);
  }

  onRevoked(listener: (key: string) => void): void {
    this.#members.only('revoked claims').onRevoked(listener);
  }

  onOrphans(listener: (keys: readonly string[]) => Promise<void>): void {
    this.#members.only('orphans').onOrphans(listener);
  }

  watchState(
    space: StateSpace,
    listener: (key: string, value: Buffer | undefined) => void,
  ): Promise<void> {
    return this.#states.watch(space, listener);
  }

  onSilent(listener: (isSilent: boolean) => void): void {
    this.#members.only('silence').onSilent(listener);
  }

  /** By any of them: the process has to begin anew at all. */
  onFenced(listener: (reason: string) => void): void {
    this.#members.each((store) => {
      store.onFenced((reason) => {
        if (this.#isFenced) return;
        this.#isFenced = true;
        listener(reason);
      });
    });
  }

  #ofClaim(key: string): Cluster {
    const kind = claimKind(key);
    if (kind === ClaimKind.SESSION || kind === ClaimKind.WILL) {
      return this.#members.of(this.#spread.homeOf(claimName(key)));
    }
    return kind === ClaimKind.DUTY ? this.#members.of(0) : this.#members.only(`claim ${key}`);
  }
}

/** The stores of a table; `start` attaches to those that are there, the others join when they come. */
export function createRoutedStore(options: RoutedStoreOptions): RoutedStore {
  return new LaneRouter(options);
}
