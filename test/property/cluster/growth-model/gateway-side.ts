import { isSame, ReaderSide } from './reader-side.ts';
import {
  type GrowthGateway,
  type GrowthWorld,
  type Message,
  NEW,
  NOWHERE,
  OLD,
  type Publisher,
  type StoreIndex,
  type TableState,
} from './types.ts';

export function newGateway(table: TableState): GrowthGateway {
  return {
    isUp: true,
    table,
    isPrepared: table >= 1,
    isSwitched: table === 2,
    hasTold: false,
    underWay: [],
    heard: [0, 0],
    seen: 0,
    upTo: -1,
  };
}

/** Messages that a publisher may have under way. */
const IN_FLIGHT = 2;

/** One gateway: how it follows the table, and what it does for publishers. */
export class GatewaySide {
  readonly #world: GrowthWorld;
  readonly #index: number;

  constructor(world: GrowthWorld, index: number) {
    this.#world = world;
    this.#index = index;
  }

  get #me(): GrowthGateway {
    return this.#world.gateways[this.#index]!;
  }

  /** Stores take it in if its table is not too old. */
  canStart(isStale: boolean): boolean {
    const { table, stores, budget } = this.#world;
    if (this.#me.isUp || stores.some(({ isUp }) => !isUp)) return false;
    if (!isStale) return true;
    if (budget.staleStarts === 0 || table === 0) return false;
    // One that does not know of the new store attaches to the old one only.
    return table > 1 || !stores[OLD].isRequired;
  }

  start(isStale: boolean): void {
    const { table, gateways, rules } = this.#world;
    gateways[this.#index] = newGateway((isStale ? table - 1 : table) as TableState);
    // Its hello says it.
    if (rules.announcesFirst && this.#me.isSwitched) this.tell();
  }

  /** @param hasLanded what it has sent is durable, but nobody is told */
  crash(hasLanded: boolean): void {
    if (hasLanded) for (const { message, to } of this.#me.underWay) this.#store(message, to);
    const { reader, publishers } = this.#world;
    const side = new ReaderSide(this.#world);
    reader.members.forEach((at, member) => {
      if (at === this.#index) side.disconnect(member, true);
    });
    for (const publisher of publishers) if (publisher.at === this.#index) publisher.at = NOWHERE;
    Object.assign(this.#me, { ...newGateway(0), isUp: false });
  }

  /** The table reaches it, one step after the other. */
  canHear(): boolean {
    return this.#me.isUp && this.#me.table < this.#world.table;
  }

  hear(): void {
    this.#me.table++;
  }

  canPrepare(): boolean {
    const { isUp, isPrepared, table } = this.#me;
    return isUp && !isPrepared && table >= 1 && this.#world.stores.every((store) => store.isUp);
  }

  prepare(): void {
    this.#me.isPrepared = true;
    if (this.#world.reader.members.includes(this.#index)) new ReaderSide(this.#world).hear();
  }

  canSwitch(): boolean {
    const { rules, stores } = this.#world;
    const { isUp, isPrepared, isSwitched, table, underWay } = this.#me;
    if (!isUp || !isPrepared || isSwitched || table < 2) return false;
    if (rules.announcesFirst && !stores[OLD].isUp) return false;
    return !rules.settlesFirst || underWay.length === 0;
  }

  switch(): void {
    if (this.#world.rules.announcesFirst) this.tell();
    this.#me.isSwitched = true;
  }

  canTell(): boolean {
    return (
      this.#me.isUp && this.#me.isSwitched && !this.#me.hasTold && this.#world.stores[OLD].isUp
    );
  }

  tell(): void {
    this.#me.hasTold = true;
    this.#world.stores[OLD].isAnnounced = true;
  }

  /** Whether a publisher may connect: its home says whether it may have been with a gateway that is ahead. */
  canTakeIn(publisher: Publisher): boolean {
    const { rules, stores, gateways } = this.#world;
    if (!this.#me.isUp || publisher.at === this.#index) return false;
    if (stores.some((store) => !store.isUp)) return false;
    if (publisher.at !== NOWHERE) {
      // Its session is released when all that it has sent is durable.
      const of = this.#world.publishers.indexOf(publisher);
      if (gateways[publisher.at]!.underWay.some(({ message }) => message.of === of)) return false;
    }
    if (rules.movesForward && publisher.isAhead && !this.#me.isSwitched) return false;
    return !rules.takesInWhenUpToDate || this.#me.isSwitched || !stores[OLD].isAnnounced;
  }

  /** It sends again what was not acknowledged; what is known to be stored already is acknowledged only. */
  takeIn(of: number): void {
    const { publishers, stores, rules } = this.#world;
    const publisher = publishers[of]!;
    publisher.at = this.#index;
    const places = rules.identifiersInAll ? stores : [stores[this.#place]];
    for (const number of [...publisher.unacknowledged]) {
      const message = { of, number };
      if (places.some(({ queue }) => queue.some((other) => isSame(other, message))))
        this.#acknowledge(message);
      else this.#send(message);
    }
  }

  canPublish({ at, sent, unacknowledged }: Publisher): boolean {
    if (at !== this.#index || sent === this.#world.messages) return false;
    return unacknowledged.length < IN_FLIGHT;
  }

  publish(of: number): void {
    const publisher = this.#world.publishers[of]!;
    const message = { of, number: ++publisher.sent };
    publisher.unacknowledged.push(message.number);
    this.#send(message);
  }

  canLand(to: StoreIndex): boolean {
    return this.#world.stores[to].isUp && this.#me.underWay.some((sent) => sent.to === to);
  }

  /** The first of what is under way to a store is durable there, and its publisher is told. */
  land(to: StoreIndex): void {
    const { underWay } = this.#me;
    const at = underWay.findIndex((sent) => sent.to === to);
    const { message } = underWay.splice(at, 1)[0]!;
    this.#store(message, to);
    this.#acknowledge(message);
  }

  #store(message: Message, to: StoreIndex): void {
    const store = this.#world.stores[to];
    if (store.isRegistered || this.#world.isExact) store.queue.push(message);
  }

  canHearOf(store: StoreIndex): boolean {
    const { isUp, heard } = this.#me;
    const { stores, reader } = this.#world;
    if (!isUp || !reader.members.includes(this.#index)) return false;
    return stores[store].isUp && heard[store] < stores[store].queue.length;
  }

  hearOf(store: StoreIndex): void {
    this.#me.heard[store] = this.#world.stores[store].queue.length;
  }

  get #place(): StoreIndex {
    return this.#me.isSwitched ? NEW : OLD;
  }

  #send(message: Message): void {
    if (this.#me.isSwitched) this.#world.publishers[message.of]!.isAhead = true;
    this.#me.underWay.push({ message, to: this.#place });
  }

  #acknowledge(message: Message): void {
    const publisher = this.#world.publishers[message.of]!;
    publisher.unacknowledged = publisher.unacknowledged.filter(
      (number) => number !== message.number,
    );
    this.#world.acknowledged.push(message);
  }
}
