import { setImmediate as turn } from 'node:timers/promises';
import { ClaimKind, claimKey } from '../../../../src/lmq/spi/cluster.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { StoreCore } from '../../../../src/lmq/server/store-core.ts';
import { DEFAULT_STORE_SERVER_LIMITS } from '../../../../src/lmq/server/store-server-options.ts';
import type { StoreDialer } from '../../../../src/lmq/remote/store-link.ts';
import type { Random } from '../../../helpers/random.ts';
import { FakeClock } from '../../../unit/gateway/fake-clock.ts';
import { Journal } from './journal.ts';
import { Observer } from './observer.ts';
import { ProcessClock } from './process-clock.ts';
import { SimGateway } from './sim-gateway.ts';
import { SimLink } from './sim-link.ts';

const LEASE_MS = 1_000;
const CLIENTS = ['x', 'y'];
const GATEWAYS = 3;
/** Simulated time in which everything has to come to rest when no fault happens any more. */
const REST_MS = 30_000;
const REST_STEP_MS = 50;

interface StoreProcess {
  readonly core: StoreCore;
  readonly clock: ProcessClock;
  readonly kill: () => void;
  isReady: boolean;
}

/** Real store server and real remote stores, with a network, a clock and a disk of the schedule's own. */
export class Simulation {
  readonly observer: Observer = new Observer((client) => this.#serving(client));
  readonly trace: string[] = [];
  readonly #random: Random;
  readonly #clock = new FakeClock();
  readonly #journal = new Journal(this.observer.durable);
  readonly #gateways: (SimGateway | undefined)[] = [];
  #links: SimLink[] = [];
  #store: StoreProcess | undefined;
  #connections = 0;
  #lives = 0;
  #faults = 4;

  constructor(random: Random) {
    this.#random = random;
  }

  async run(steps: number): Promise<void> {
    await this.#startStore();
    for (let slot = 0; slot < GATEWAYS; slot++) this.#startGateway(slot);
    for (let i = 0; i < steps && this.observer.violations.length === 0; i++) {
      await this.#step();
      // Several things may happen in one turn of the event loop.
      if (this.#random.chance(0.6)) await turn();
    }
    await this.#rest();
    this.observer.finish();
    for (const gateway of this.#gateways) gateway?.end();
    this.#store?.clock.end();
    this.#store?.kill();
  }

  async #step(): Promise<void> {
    const kind = this.#random.below(100);
    if (kind < 62) this.#deliver();
    else if (kind < 72) this.#pass(this.#random.below(LEASE_MS / 4));
    else if (kind < 80) this.#connect();
    else if (kind < 86) this.#leave();
    else if (kind < 91) this.#write();
    else if (this.#faults > 0 && this.#random.chance(0.4)) await this.#fault();
    else await this.#repair();
  }

  // ------------------------------------------------------------------ network and time

  #deliver(): void {
    if (this.#links.length === 0) return;
    const link = this.#random.pick(this.#links);
    if (this.#ownerOf.get(link)?.isCutOff === true) return;
    if (this.#random.chance(0.5)) this.#deliverToStore(link);
    else this.#deliverToNode(link);
  }

  #deliverToStore(link: SimLink): void {
    if (link.isNodeGone && !link.canReachStore) link.endAtStore();
    else if (link.canReachStore) link.toStore();
    this.#sweep();
  }

  #deliverToNode(link: SimLink): void {
    if (this.#ownerOf.get(link)?.clock.isPaused === true) return;
    if (link.canReachNode) link.toNode();
    else if (link.isStoreGone) link.endAtNode();
    this.#sweep();
  }

  readonly #ownerOf = new Map<SimLink, SimGateway>();

  #sweep(): void {
    for (const link of this.#links) if (link.isOver) this.#ownerOf.delete(link);
    this.#links = this.#links.filter((link) => !link.isOver);
  }

  #pass(milliseconds: number): void {
    this.#note(`+${milliseconds} ms`);
    this.#clock.advance(milliseconds);
  }

  // ------------------------------------------------------------------ clients

  #connect(): void {
    const slot = this.#random.below(GATEWAYS);
    const gateway = this.#gateways[slot];
    if (gateway === undefined || gateway.isFenced || gateway.clock.isPaused) return;
    const client = this.#random.pick(CLIENTS);
    const connection = `c${++this.#connections}`;
    this.#note(`${client} connects to gateway ${slot} as ${connection}`);
    this.observer.connections.set(connection, {
      client,
      isAccepted: false,
      isDisconnected: false,
      isEnded: false,
    });
    gateway.connect(client, connection);
  }

  #leave(): void {
    const slot = this.#random.below(GATEWAYS);
    const gateway = this.#gateways[slot];
    if (gateway === undefined || gateway.clock.isPaused) return;
    const client = this.#random.pick(CLIENTS);
    const isDisconnect = this.#random.chance(0.3);
    this.#note(`${client} leaves gateway ${slot}${isDisconnect ? ' with DISCONNECT' : ''}`);
    gateway.leave(client, isDisconnect);
  }

  #write(): void {
    const gateway = this.#gateways[this.#random.below(GATEWAYS)];
    if (gateway?.clock.isPaused === false) gateway.write(this.#random.pick(CLIENTS));
  }

  // ------------------------------------------------------------------ faults

  async #fault(): Promise<void> {
    this.#faults--;
    const slot = this.#random.below(GATEWAYS);
    switch (this.#random.below(5)) {
      case 0:
        this.#crashGateway(slot);
        break;
      case 1:
        this.#crashStore();
        break;
      case 2:
        this.#pause(slot);
        break;
      case 3:
        this.#cutOff(slot);
        break;
      default:
        this.#cut();
    }
  }

  async #repair(): Promise<void> {
    if (this.#store === undefined) await this.#startStore();
    const slot = this.#random.below(GATEWAYS);
    const gateway = this.#gateways[slot];
    if (gateway === undefined || gateway.isFenced) this.#startGateway(slot);
    else if (gateway.clock.isPaused) this.#resume(gateway, slot);
    else this.#reconnect(gateway, slot);
  }

  #reconnect(gateway: SimGateway, slot: number): void {
    if (!gateway.isCutOff) return;
    this.#note(`gateway ${slot} can be reached again`);
    gateway.isCutOff = false;
  }

  #cut(): void {
    if (this.#links.length === 0) return;
    const link = this.#random.pick(this.#links);
    this.#note('a connection is cut');
    // One end learns of it now, the other when it is its turn.
    if (this.#random.chance(0.5)) link.endAtStore();
    else if (this.#ownerOf.get(link)?.clock.isPaused === false) link.endAtNode();
    this.#sweep();
  }

  /** Until a repair. */
  #cutOff(slot: number): void {
    const gateway = this.#gateways[slot];
    if (gateway === undefined) return;
    this.#note(`gateway ${slot} is cut off`);
    gateway.isCutOff = true;
  }

  #pause(slot: number): void {
    const gateway = this.#gateways[slot];
    if (gateway === undefined) return;
    this.#note(`gateway ${slot} stands still`);
    gateway.clock.isPaused = true;
  }

  #resume(gateway: SimGateway, slot: number): void {
    this.#note(`gateway ${slot} goes on`);
    gateway.clock.resume();
  }

  #crashGateway(slot: number): void {
    const gateway = this.#gateways[slot];
    if (gateway === undefined) return;
    this.#note(`gateway ${slot} dies`);
    this.#endGateway(gateway);
    this.#gateways[slot] = undefined;
  }

  #endGateway(gateway: SimGateway): void {
    for (const connection of gateway.end()) {
      const fate = this.observer.connections.get(connection);
      if (fate !== undefined) fate.isEnded = true;
    }
    for (const [link, owner] of this.#ownerOf) if (owner === gateway) link.nodeEnd.close();
  }

  #startGateway(slot: number): void {
    const before = this.#gateways[slot];
    if (before !== undefined) this.#endGateway(before);
    this.#note(`gateway ${slot} starts`);
    const name = `g${slot}.${++this.#lives}`;
    const dial: StoreDialer = (events) => {
      if (this.#store?.isReady !== true) throw new Error('connection refused');
      const link = new SimLink(this.#store.core, events);
      this.#links.push(link);
      this.#ownerOf.set(link, gateway);
      return link.nodeEnd;
    };
    const gateway = new SimGateway(name, this.#clock, dial, this.observer, LEASE_MS);
    this.#gateways[slot] = gateway;
    gateway.start().catch(() => {
      // The store was not reached in time: the process ends, and is started again by a repair.
      if (this.#gateways[slot] === gateway) this.#crashGateway(slot);
    });
  }

  #crashStore(): void {
    const store = this.#store;
    if (store === undefined) return;
    this.#note('the store dies');
    this.#store = undefined;
    store.kill();
    store.clock.end();
    for (const link of this.#links) link.storeDied();
    this.#sweep();
  }

  async #startStore(): Promise<void> {
    this.#note('the store starts');
    const clock = new ProcessClock(this.#clock);
    const { store, kill } = await this.#journal.open(clock);
    const core = new StoreCore({
      ...DEFAULT_STORE_SERVER_LIMITS,
      store,
      host: '',
      port: 0,
      leaseMs: LEASE_MS,
      credentials: {},
      clock,
      logger: silentLogger,
    });
    const started: StoreProcess = { core, clock, kill, isReady: false };
    this.#store = started;
    await core.start();
    started.isReady = true;
  }

  // ------------------------------------------------------------------ the end

  /** No fault any more: everything must come to rest within bounded time. */
  async #rest(): Promise<void> {
    this.#note('no more faults');
    this.#faults = 0;
    if (this.#store === undefined) await this.#startStore();
    for (let slot = 0; slot < GATEWAYS; slot++) {
      const gateway = this.#gateways[slot];
      if (gateway === undefined) continue;
      this.#reconnect(gateway, slot);
      if (gateway.clock.isPaused) this.#resume(gateway, slot);
    }
    for (let passed = 0; passed < REST_MS; passed += REST_STEP_MS) {
      for (let slot = 0; slot < GATEWAYS; slot++) {
        const gateway = this.#gateways[slot];
        if (gateway === undefined || gateway.isFenced) this.#startGateway(slot);
      }
      await this.#drain();
      this.#clock.advance(REST_STEP_MS);
      if (passed === REST_MS / 2) this.#leaveAll();
    }
    const orphans = this.#store?.core.stats.orphans ?? 0;
    if (orphans > 0) this.observer.violation(`${orphans} orphans are not seen to`);
    for (const client of CLIENTS) {
      const owner = this.#store?.core.parts.claims.ownerOf(claimKey(ClaimKind.SESSION, client));
      if (owner !== undefined) this.observer.violation(`${owner.name} still owns ${client}`);
    }
  }

  #leaveAll(): void {
    for (const gateway of this.#gateways) {
      for (const [client] of gateway?.connections ?? []) gateway?.leave(client, false);
    }
  }

  async #drain(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      for (const link of [...this.#links]) {
        while (link.canReachStore) link.toStore();
        while (link.canReachNode) link.toNode();
        if (link.isNodeGone) link.endAtStore();
        if (link.isStoreGone) link.endAtNode();
      }
      this.#sweep();
      await turn();
    }
  }

  #serving(client: string): number[] {
    return this.#gateways.flatMap((gateway) =>
      gateway?.serves(client) === true ? [gateway.origin] : [],
    );
  }

  #note(text: string): void {
    this.trace.push(`${this.#clock.monotonic()}: ${text}`);
  }
}
