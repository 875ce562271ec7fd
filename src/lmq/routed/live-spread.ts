import { StoreSpread } from '../../common/store-spread.ts';
import type { StoreTable } from '../../common/store-table.ts';
import type { Lane } from '../spi/lane.ts';
import type { Spread } from '../spi/stores.ts';

/** Where things lie by the table that is in force now. */
export class LiveSpread implements Spread {
  #table: StoreTable;
  #current: StoreSpread;

  constructor(table: StoreTable) {
    this.#table = table;
    this.#current = new StoreSpread(table);
  }

  get table(): StoreTable {
    return this.#table;
  }

  get lanes(): number {
    return this.#current.lanes;
  }

  laneOfTopic(topic: string): Lane {
    return this.#current.laneOfTopic(topic);
  }

  lanesOfFilter(filter: string): readonly Lane[] {
    return this.#current.lanesOfFilter(filter);
  }

  homeOf(clientId: string): Lane {
    return this.#current.homeOf(clientId);
  }

  eldersOf(lane: Lane): number {
    return this.#current.eldersOf(lane);
  }

  isInForce(lane: Lane): boolean {
    return this.#current.isInForce(lane);
  }

  become(table: StoreTable): void {
    this.#current = new StoreSpread(table);
    this.#table = table;
  }
}
