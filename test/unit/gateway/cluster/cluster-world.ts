import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';
import { World, type WorldOptions } from '../gateway-world.ts';
import { FakeKv } from '../routing/topic-metadata-fixtures.ts';
import { SharedStore, type StoreNode } from './shared-store.ts';

/** Gateways on one store in memory. */
export class ClusterWorld {
  readonly clock: FakeClock = new FakeClock();
  readonly shared: SharedStore = new SharedStore(this.clock);
  readonly kv: FakeKv = new FakeKv();
  readonly #nodes = new Map<World, StoreNode>();

  async gateway(options: WorldOptions = {}): Promise<World> {
    const node = this.shared.node();
    const { clock, kv } = this;
    const world = new World({ clock, kv, ...options, store: node.store, cluster: node });
    this.#nodes.set(world, node);
    await world.context.shares.start(world.context.sessions);
    await world.context.retained.start();
    await world.context.wills.start();
    world.lanes.groupsKnown();
    return world;
  }

  /** The process of a gateway ends; its lease is over. */
  async kill(world: World): Promise<void> {
    await this.shared.kill(this.#nodes.get(world) as StoreNode);
    await turns();
  }
}
