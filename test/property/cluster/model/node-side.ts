import type {
  Batch,
  Key,
  Link,
  NodeState,
  Request,
  Seat,
  StoreMessage,
  World,
  Write,
} from './types.ts';
import { Violation } from '../exploration.ts';

/** Batches of a node that may be under way. */
const WINDOW = 2;

function newSeat(): Seat {
  return {
    claim: 'none',
    epoch: 0,
    connection: 0,
    stage: 'none',
    openingBatch: 0,
    releaseBatch: 0,
    isRevokedEarly: false,
    isOrphan: false,
  };
}

export function newNode(life: number, keys: number): NodeState {
  return {
    life,
    isWelcome: false,
    wasWelcome: false,
    lastSequence: 0,
    unsettled: [],
    sent: 0,
    open: [],
    requests: [],
    seats: Array.from({ length: keys }, newSeat),
    owesDone: false,
  };
}

/** One gateway process: what the gateway and its remote store do together. */
export class NodeSide {
  readonly #world: World;
  readonly #slot: number;

  constructor(world: World, slot: number) {
    this.#world = world;
    this.#slot = slot;
  }

  get #node(): NodeState {
    return this.#world.nodes[this.#slot]!;
  }

  get link(): Link | undefined {
    return this.#world.links.find((link) => link.slot === this.#slot && !link.nodeGone);
  }

  start(): void {
    this.#reset(++this.#world.lastLife);
  }

  /** The process ends, or begins anew because it was fenced. */
  end(nextLife: number): void {
    this.cut();
    for (const client of this.#world.clients) {
      if (client.slot === this.#slot) client.connection = 0;
    }
    this.#reset(nextLife);
  }

  #reset(life: number): void {
    this.#world.nodes[this.#slot] = newNode(life, this.#world.clients.length);
  }

  cut(): void {
    const { link } = this;
    if (link === undefined) return;
    link.nodeGone = true;
    link.down = [];
    this.#node.isWelcome = false;
  }

  dial(): void {
    const node = this.#node;
    const { rules } = this.#world;
    const link: Link = {
      slot: this.#slot,
      life: node.life,
      isAttached: false,
      claims: null,
      up: [],
      down: [],
      nodeGone: false,
      storeGone: false,
    };
    this.#world.links.push(link);
    node.sent = 0;
    if (rules.doneInOrder) {
      node.requests = node.requests.filter(({ request }) => request.r !== 'done');
      node.owesDone = false;
    }
    for (const request of node.requests) request.isSent = false;
    const claims = node.seats.flatMap((seat, key) =>
      seat.claim === 'held' || (rules.listUntilReleased && seat.releaseBatch > 0) ? [key] : [],
    );
    link.up.push({ m: 'hello', life: node.life, resumes: node.wasWelcome, claims });
  }

  receive(message: StoreMessage): void {
    switch (message.m) {
      case 'welcome':
        this.#welcome(message.last, message.lost);
        break;
      case 'fenced':
        this.end(++this.#world.lastLife);
        return;
      case 'settled':
        if (message.failed) {
          this.#fail(message.sequence);
          return;
        }
        this.#settle(message.sequence);
        break;
      case 'claimed':
        this.#claimed(message.key, message.granted, message.epoch);
        break;
      case 'value':
        this.#value(message.key, message.will);
        break;
      case 'revoked':
        this.#revoked(message.key);
        break;
      case 'orphans':
        this.#orphans(message.keys);
        break;
    }
    this.#pump();
  }

  // ------------------------------------------------------------------ clients

  connect(key: Key, connection: number): void {
    const seat = this.#node.seats[key]!;
    if (seat.stage === 'open' || seat.stage === 'opening') this.#close(key, true);
    seat.connection = connection;
    if (seat.claim === 'held') {
      if (seat.stage === 'none') this.#open(key);
    } else if (seat.claim === 'none') {
      this.#ask(key, false);
    }
    this.#pump();
  }

  /** The connection has ended, without DISCONNECT or with it. */
  leave(key: Key, publishes: boolean): void {
    const seat = this.#node.seats[key]!;
    if (seat.stage === 'open' || seat.stage === 'opening') {
      this.#close(key, publishes);
      this.#release(key);
    }
    seat.connection = 0;
    this.#pump();
  }

  write(key: Key): void {
    this.#save(key);
    this.#pump();
  }

  // ------------------------------------------------------------------ sessions

  #ask(key: Key, onlyIfFree: boolean): void {
    this.#node.seats[key]!.claim = 'asked';
    this.#request({ r: 'claim', key, onlyIfFree });
  }

  #claimed(key: Key, granted: boolean, epoch: number): void {
    const seat = this.#node.seats[key]!;
    this.#answered('claim', key);
    if (seat.claim !== 'asked') throw new Violation(`a claim was answered that nobody asked for`);
    if (granted) {
      seat.claim = 'held';
      seat.epoch = epoch;
      seat.stage = 'reading';
      this.#request({ r: 'read', key });
      return;
    }
    seat.claim = 'none';
    seat.isOrphan = false;
    if (seat.connection !== 0) this.#ask(key, false);
    this.#reportOrphans();
  }

  #value(key: Key, will: number): void {
    const seat = this.#node.seats[key]!;
    this.#answered('read', key);
    if (seat.stage !== 'reading') throw new Violation(`a value came that nobody asked for`);
    seat.stage = 'none';
    if (seat.isRevokedEarly) seat.connection = 0;
    const publishes = this.#world.rules.ownerPublishesFoundWill || seat.connection === 0;
    if (will !== 0 && publishes) this.#publish(key, will);
    seat.isOrphan = false;
    seat.isRevokedEarly = false;
    if (seat.claim === 'held') {
      if (seat.connection === 0) this.#release(key);
      else this.#open(key);
    } else if (seat.connection !== 0 && seat.claim === 'none') {
      this.#ask(key, false);
    }
    this.#reportOrphans();
  }

  #revoked(key: Key): void {
    const seat = this.#node.seats[key]!;
    if (seat.claim === 'asked') {
      // The grant is on its way: the connection is not opened then.
      seat.isRevokedEarly = true;
    } else if (seat.claim === 'none') {
      this.#release(key);
    } else if (seat.stage === 'reading') {
      seat.isRevokedEarly = true;
    } else {
      if (seat.stage !== 'none') this.#close(key, true);
      this.#release(key);
    }
  }

  #orphans(keys: readonly Key[]): void {
    const node = this.#node;
    node.owesDone = true;
    for (const key of keys) {
      const seat = node.seats[key]!;
      if (seat.claim !== 'none' || seat.stage !== 'none') continue;
      seat.isOrphan = true;
      if (this.#world.rules.caretakerClaims) {
        this.#ask(key, true);
      } else {
        seat.stage = 'reading';
        seat.epoch = this.#world.ghost.epochs[key]!;
        this.#request({ r: 'read', key });
      }
    }
    this.#reportOrphans();
  }

  #reportOrphans(): void {
    const node = this.#node;
    const isBusy = this.#world.rules.doneInOrder && node.seats.some((seat) => seat.isOrphan);
    if (!node.owesDone || isBusy) return;
    node.owesDone = false;
    this.#request({ r: 'done' });
  }

  /** CONNECT is accepted when the will and the session are durable. */
  #open(key: Key): void {
    const seat = this.#node.seats[key]!;
    const { epoch, connection } = seat;
    this.#node.open.push({ w: 'will', key, epoch, connection });
    this.#save(key);
    seat.stage = 'opening';
    seat.openingBatch = this.#node.lastSequence + 1;
  }

  #close(key: Key, publishes: boolean): void {
    const seat = this.#node.seats[key]!;
    if (publishes) this.#publish(key, seat.connection);
    else this.#node.open.push({ w: 'unwill', key, epoch: seat.epoch });
    this.#save(key);
    seat.connection = 0;
    seat.stage = 'none';
  }

  #publish(key: Key, connection: number): void {
    const { epoch } = this.#node.seats[key]!;
    this.#node.open.push({ w: 'publish', key, epoch, connection });
    if (!this.#world.rules.willInOneBatch) this.#seal();
    this.#node.open.push({ w: 'unwill', key, epoch });
  }

  #save(key: Key): void {
    this.#node.open.push({ w: 'save', key, epoch: this.#node.seats[key]!.epoch });
  }

  #release(key: Key): void {
    const seat = this.#node.seats[key]!;
    this.#node.open.push({ w: 'release', key });
    seat.claim = 'none';
    seat.stage = 'none';
    seat.releaseBatch = this.#node.lastSequence + 1;
  }

  // ------------------------------------------------------------------ the stream

  #welcome(last: number, lost: readonly Key[]): void {
    const node = this.#node;
    node.isWelcome = true;
    node.wasWelcome = true;
    this.#settle(last);
    for (const key of lost) {
      if (node.seats[key]!.claim === 'held') {
        throw new Violation(`life ${node.life} lost its claim ${key} while it was alive`);
      }
    }
  }

  #settle(sequence: number): void {
    const node = this.#node;
    while (node.unsettled[0] !== undefined && node.unsettled[0].sequence <= sequence) {
      const id = batchId(node.life, node.unsettled[0]);
      if (!this.#world.ghost.applied.includes(id)) {
        throw new Violation(`batch ${id} counts as durable and is not`);
      }
      node.unsettled.shift();
      node.sent = Math.max(0, node.sent - 1);
    }
    node.seats.forEach((seat, key) => {
      if (seat.releaseBatch <= sequence) seat.releaseBatch = 0;
      if (seat.stage !== 'opening' || seat.openingBatch > sequence) return;
      seat.stage = 'open';
      const client = this.#world.clients[key]!;
      if (client.connection === seat.connection) {
        this.#world.ghost.connections[seat.connection - 1]!.isAccepted = true;
      }
    });
  }

  /** A failed commit is the end of this life: what it has promised cannot be kept. */
  #fail(sequence: number): void {
    const node = this.#node;
    for (const batch of node.unsettled) {
      if (batch.sequence <= sequence) this.#world.ghost.failed.push(batchId(node.life, batch));
    }
    this.end(0);
  }

  #request(request: Request): void {
    const node = this.#node;
    const isBehindWrites = this.#world.rules.requestsInOrder && node.open.length > 0;
    const after = isBehindWrites ? node.lastSequence + 1 : 0;
    node.requests.push({ after, request, isSent: false });
  }

  #answered(kind: Request['r'], key: Key): void {
    const { requests } = this.#node;
    const index = requests.findIndex(
      ({ request, isSent }) =>
        isSent && request.r === kind && request.r !== 'done' && request.key === key,
    );
    if (index < 0) throw new Violation(`${kind} ${key} was answered and not asked`);
    requests.splice(index, 1);
  }

  #seal(): void {
    const node = this.#node;
    const writes: Write[] = node.open;
    node.open = [];
    node.unsettled.push({ sequence: ++node.lastSequence, writes });
  }

  /** The end of a turn: what may go out goes out. */
  #pump(): void {
    const node = this.#node;
    const { link } = this;
    if (node.open.length > 0 && node.unsettled.length < WINDOW) this.#seal();
    if (link === undefined || !node.isWelcome) return;
    for (; node.sent < node.unsettled.length; node.sent++) {
      link.up.push({ m: 'batch', batch: node.unsettled[node.sent]! });
    }
    for (const entry of node.requests) {
      if (entry.isSent) continue;
      if (entry.after > node.lastSequence) break;
      entry.isSent = true;
      link.up.push({ m: 'request', request: entry.request });
    }
    if (this.#world.rules.doneInOrder) {
      node.requests = node.requests.filter(
        ({ request, isSent }) => request.r !== 'done' || !isSent,
      );
    }
  }
}

export function batchId(life: number, batch: Batch): string {
  return `${life}:${batch.sequence}`;
}
