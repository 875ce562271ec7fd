import { Violation } from '../exploration.ts';
import {
  type GrowthGateway,
  type GrowthWorld,
  type Message,
  NEW,
  NOWHERE,
  OLD,
  type Reader,
  type StoreIndex,
  STORES,
} from './types.ts';

/** A subscription or a shared group: who hands what out, in which order. */
export class ReaderSide {
  readonly #world: GrowthWorld;

  constructor(world: GrowthWorld) {
    this.#world = world;
  }

  get #reader(): Reader {
    return this.#world.reader;
  }

  gatewayOf(member: number): GrowthGateway | undefined {
    return this.#world.gateways[this.#reader.members[member]!];
  }

  canConnect(index: number): boolean {
    return this.#world.gateways[index]!.isUp && this.#world.stores.every(({ isUp }) => isUp);
  }

  /** A member comes back: what it has in flight is sent again, in order. */
  connect(member: number, index: number): void {
    const { stores, gateways, isShared, rules } = this.#world;
    const reader = this.#reader;
    const gateway = gateways[index]!;
    const isFirst = !reader.members.includes(index);
    reader.members[member] = index;
    if (!reader.isSubscribed) this.#subscribe();
    if (isFirst) {
      gateway.heard = [stores[OLD].queue.length, stores[NEW].queue.length];
      gateway.seen = 0;
      gateway.upTo = rules.waitsForSwitch || !gateway.isSwitched ? -1 : stores[OLD].queue.length;
    }
    if (gateway.isPrepared) this.hear();
    for (const store of STORES) if (!isShared) this.take(store, index);
    for (const flight of reader.flights)
      if (flight.member === member) this.#deliver(flight.member, flight.message);
    reader.flights = reader.flights.filter((flight) => flight.member !== member);
  }

  #subscribe(): void {
    const { stores, publishers } = this.#world;
    this.#reader.isSubscribed = true;
    stores[OLD].isRegistered = true;
    this.#world.countsFrom = publishers.map(({ sent }) => sent + 1);
  }

  /** A gateway with members reads from the new store too. */
  hear(): void {
    if (this.#world.rules.hearsNewStore) this.#world.stores[NEW].isRegistered = true;
  }

  /** The connection ends, with its gateway or without: what is not durable is lost. */
  disconnect(member: number, isCrash: boolean): void {
    const reader = this.#reader;
    const { isShared } = this.#world;
    const index = reader.members[member]!;
    reader.members[member] = NOWHERE;
    if (isShared && !isCrash) this.#saveAll(index);
    if (!isShared || isCrash || !reader.members.includes(index)) {
      for (const store of STORES) if (reader.turn[store] === index) this.#loseTurn(store);
    }
  }

  /** Position and what is in flight, of the members of one gateway. */
  #saveAll(index: number): void {
    for (const store of STORES) {
      if (this.#world.reader.turn[store] === index) this.save(store);
    }
  }

  #loseTurn(store: StoreIndex): void {
    const reader = this.#reader;
    reader.turn[store] = NOWHERE;
    reader.offset[store] = reader.durable[store];
    reader.flights = reader.flights.filter((flight) => flight.store !== store || flight.isDurable);
  }

  wantsTurn(store: StoreIndex, index: number): boolean {
    const { gateways, stores, isShared } = this.#world;
    const reader = this.#reader;
    const gateway = gateways[index]!;
    if (!isShared || !stores[store].isUp || reader.turn[store] === index) return false;
    if (!gateway.isUp || !reader.members.includes(index)) return false;
    if (store === NEW && !this.isFree(index)) return false;
    const known = store === OLD ? gateway.seen : reader.durable[NEW];
    return known < gateway.heard[store];
  }

  /** The one before has saved everything. */
  take(store: StoreIndex, index: number): void {
    const reader = this.#reader;
    if (reader.turn[store] !== NOWHERE && reader.turn[store] !== index) this.save(store);
    reader.turn[store] = index;
    reader.offset[store] = reader.durable[store];
    if (store === OLD) this.#world.gateways[index]!.seen = reader.offset[OLD];
  }

  /** What the old store had is behind the reader, as far as the gateway knows. */
  isFree(index: number): boolean {
    const { rules, gateways, isShared } = this.#world;
    if (!rules.holdsBack || (isShared && !rules.groupsHold)) return true;
    const { upTo, seen } = gateways[index]!;
    if (upTo < 0 || seen < upTo) return false;
    return !rules.durableFirst || this.#reader.durable[OLD] >= upTo;
  }

  canAsk(index: number): boolean {
    const { gateways, stores, rules } = this.#world;
    const gateway = gateways[index]!;
    if (!gateway.isUp || !this.#reader.members.includes(index) || gateway.upTo >= 0) return false;
    if (!gateway.isPrepared || gateway.heard[NEW] <= this.#reader.durable[NEW]) return false;
    if (rules.asksElders && !stores[OLD].isUp) return false;
    return !rules.waitsForSwitch || gateways.every(({ isUp, isSwitched }) => !isUp || isSwitched);
  }

  ask(index: number): void {
    const { stores, rules, gateways } = this.#world;
    const gateway = gateways[index]!;
    if (rules.asksElders) gateway.heard[OLD] = stores[OLD].queue.length;
    gateway.upTo = gateway.heard[OLD];
  }

  canHandOut(store: StoreIndex, member: number): boolean {
    const { gateways } = this.#world;
    const reader = this.#reader;
    const index = reader.members[member]!;
    const gateway = gateways[index];
    if (gateway === undefined || reader.turn[store] !== index) return false;
    if (store === NEW && (!gateway.isPrepared || !this.isFree(index))) return false;
    return reader.offset[store] < gateway.heard[store];
  }

  handOut(store: StoreIndex, member: number): void {
    const { stores, gateways, rules } = this.#world;
    const reader = this.#reader;
    const message = stores[store].queue[reader.offset[store]++]!;
    if (store === OLD) gateways[reader.members[member]!]!.seen = reader.offset[OLD];
    if (rules.sendsWhenDurable) reader.flights.push({ member, store, message, isDurable: false });
    else this.#deliver(member, message);
  }

  canSave(store: StoreIndex): boolean {
    const { turn, offset, durable } = this.#reader;
    return (
      turn[store] !== NOWHERE && this.#world.stores[store].isUp && offset[store] > durable[store]
    );
  }

  save(store: StoreIndex): void {
    const reader = this.#reader;
    reader.durable[store] = reader.offset[store];
    for (const flight of reader.flights) if (flight.store === store) flight.isDurable = true;
  }

  canSend(member: number): boolean {
    const { members, flights } = this.#reader;
    if (members[member] === NOWHERE) return false;
    return flights.some((flight) => flight.member === member && flight.isDurable);
  }

  /** The first one that may be sent. */
  send(member: number): void {
    const { flights } = this.#reader;
    const at = flights.findIndex((flight) => flight.member === member && flight.isDurable);
    const [flight] = flights.splice(at, 1);
    this.#deliver(member, flight!.message);
  }

  #deliver(member: number, message: Message): void {
    const { received } = this.#reader;
    if (received.some((all) => all.some((other) => isSame(other, message)))) {
      throw new Violation(`message ${inWords(message)} is delivered twice`);
    }
    const newer = received[member]!.find(
      ({ of, number }) => of === message.of && number > message.number,
    );
    if (newer !== undefined) {
      throw new Violation(`member ${member} gets ${inWords(message)} behind ${inWords(newer)}`);
    }
    received[member]!.push(message);
  }
}

export function isSame(one: Message, other: Message): boolean {
  return one.of === other.of && one.number === other.number;
}

export function inWords({ of, number }: Message): string {
  return `${number} of publisher ${of}`;
}
