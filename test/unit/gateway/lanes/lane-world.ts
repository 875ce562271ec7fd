import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { FakeClock } from '../fake-clock.ts';
import { World, type WorldOptions } from '../gateway-world.ts';
import { LaneMember } from './lane-member.ts';
import { LaneStores } from './lane-stores.ts';

/** A gateway over several stores in memory, and the one that comes after it. */
export class LaneWorld {
  readonly clock: FakeClock = new FakeClock();
  readonly #bases: readonly LmqStore[];
  readonly #founders: number;
  readonly #options: WorldOptions;
  stores: LaneStores;
  world: World;

  /** @param founders those that are in use from the beginning; the others can be added */
  constructor(lanes = 2, founders: number = lanes, options: WorldOptions = {}) {
    this.#founders = founders;
    this.#options = options;
    this.#bases = Array.from({ length: lanes }, () => createMemoryStore({ clock: this.clock }));
    this.stores = this.#newStores();
    this.world = this.#newWorld();
  }

  get members(): readonly LaneMember[] {
    return this.stores.members;
  }

  /** The gateway dies; another one starts with what has become durable in each store. */
  restart(isGrown = false): World {
    for (const member of this.members) member.end();
    const former = this.stores;
    this.stores = this.#newStores().takeOver(former);
    if (isGrown) this.stores.grown();
    this.world = this.#newWorld();
    return this.world;
  }

  #newStores(): LaneStores {
    const members = this.#bases.map((base, lane) => new LaneMember(base, lane));
    return new LaneStores(members, this.#founders);
  }

  #newWorld(): World {
    const { stores, clock } = this;
    return new World({ ...this.#options, clock, store: stores.store, stores });
  }
}
