import { silentLogger } from '../../../../src/common/logger.ts';
import { newestGeneration, type StoreTable } from '../../../../src/common/store-table.ts';
import type { LaneStore } from '../../../../src/lmq/spi/lane-store.ts';
import { createRoutedStore, type RoutedStore } from '../../../../src/lmq/routed/routed-store.ts';
import type { Lane } from '../../../../src/lmq/spi/lane.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';
import { World, type WorldOptions } from '../gateway-world.ts';
import { FakeKv } from '../routing/topic-metadata-fixtures.ts';
import { LaneNode } from './lane-node.ts';
import { SharedStore } from './shared-store.ts';

interface Member {
  readonly routed: RoutedStore;
  readonly nodes: LaneNode[];
}

/** Gateways on several stores in memory. */
export class LanesWorld {
  readonly clock: FakeClock = new FakeClock();
  readonly kv: FakeKv = new FakeKv();
  readonly stores: SharedStore[] = [];
  table: StoreTable;
  readonly #members = new Map<World, Member>();

  constructor(founders = 2) {
    for (let lane = 0; lane < founders; lane++) this.#found();
    const stores = this.stores.map((_store, lane) => ({
      name: nameOf(lane),
      topics: [],
      generation: 1,
    }));
    this.table = { stores, active: 1 };
  }

  async gateway(options: WorldOptions = {}): Promise<World> {
    const nodes: LaneNode[] = [];
    const member = (_name: string, { lane }: { lane: Lane }): LaneStore => {
      const node = new LaneNode((this.stores[lane] as SharedStore).node(), lane);
      nodes[lane] = node;
      return node;
    };
    const { clock, kv, table } = this;
    const routed = createRoutedStore({ table, member, clock, logger: silentLogger });
    await routed.start();
    const world = new World({
      clock,
      kv,
      ...options,
      store: routed,
      cluster: routed,
      stores: routed,
    });
    this.#members.set(world, { routed, nodes });
    await world.context.shares.start(world.context.sessions);
    await world.context.retained.start();
    await world.context.wills.start();
    world.lanes.groupsKnown();
    return world;
  }

  routed(world: World): RoutedStore {
    return (this.#members.get(world) as Member).routed;
  }

  /** A gateway's view of one store. */
  node(world: World, lane: Lane): LaneNode {
    return (this.#members.get(world) as Member).nodes[lane] as LaneNode;
  }

  /** A topic that goes to a lane: the same for each prefix that ends with a slash. */
  topicIn(lane: Lane, prefix = 't/'): string {
    const [member] = this.#members.values();
    for (let i = 0; ; i++) {
      const topic = `${prefix}${String(i)}`;
      if (member?.routed.spread.laneOfTopic(topic) === lane) return topic;
    }
  }

  /** A client whose home is a lane. */
  clientIn(lane: Lane, prefix = 'c'): string {
    const [member] = this.#members.values();
    for (let i = 0; ; i++) {
      const clientId = `${prefix}${String(i)}`;
      if (member?.routed.spread.homeOf(clientId) === lane) return clientId;
    }
  }

  /** A topic that is in lane `from` now and will be in lane `to`, which has been prepared. */
  topicThatMoves(from: Lane, to: Lane, prefix = 't/'): string {
    const [member] = this.#members.values();
    const spread = (member as Member).routed.spread;
    for (let i = 0; ; i++) {
      const topic = `${prefix}${String(i)}`;
      if (spread.laneOfTopic(topic) === from && spread.lanesOfFilter(topic).includes(to)) {
        return topic;
      }
    }
  }

  /** A store more is attached everywhere, and heard; nothing goes there yet. Returns its lane. */
  async prepare(): Promise<Lane> {
    const lane = this.#found();
    const generation = newestGeneration(this.table) + 1;
    const store = { name: nameOf(lane), topics: [], generation };
    this.table = { ...this.table, stores: [...this.table.stores, store] };
    await Promise.all([...this.#members.values()].map(({ routed }) => routed.prepare(this.table)));
    await this.#copyFilters(lane);
    return lane;
  }

  /** Topics go to it from now on. */
  async activate(): Promise<void> {
    this.table = { ...this.table, active: newestGeneration(this.table) };
    await Promise.all([...this.#members.values()].map(({ routed }) => routed.activate(this.table)));
  }

  async grow(): Promise<Lane> {
    const lane = await this.prepare();
    await this.activate();
    return lane;
  }

  /** The process of a gateway ends; its leases are over. */
  async kill(world: World): Promise<void> {
    const { nodes } = this.#members.get(world) as Member;
    this.#members.delete(world);
    for (const { node, lane } of nodes) await (this.stores[lane] as SharedStore).kill(node);
    await turns();
  }

  #found(): Lane {
    const store = new SharedStore(this.clock);
    const lane = this.stores.push(store) - 1;
    // A gateway has another number in each.
    for (let i = 0; i < lane; i++) store.node();
    return lane;
  }

  /** As `mqadmin addStore` does it. */
  async #copyFilters(lane: Lane): Promise<void> {
    const added = (this.stores[lane] as SharedStore).base;
    for (const { base } of this.stores.slice(0, lane)) {
      for (const { filter, uses } of base.listFilters()) {
        const there = added.listFilters().find((listed) => listed.filter === filter)?.uses ?? 0;
        for (let i = there; i < uses; i++) {
          added.closeQueue(await added.acquireFilter(filter, true));
        }
      }
    }
  }
}

function nameOf(lane: Lane): string {
  return `store-${String(lane)}`;
}
