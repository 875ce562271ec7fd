import { silentLogger } from '../../../../src/common/logger.ts';
import { createLinkedStore } from '../../../../src/lmq/remote/create-remote-store.ts';
import type { RemoteStore } from '../../../../src/lmq/remote/remote-store.ts';
import type { StoreDialer } from '../../../../src/lmq/remote/store-link.ts';
import { ClaimKind, claimKey, claimName } from '../../../../src/lmq/spi/cluster.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import type { Clock } from '../../../../src/common/clock.ts';
import { messageHead } from '../../../helpers/message-head.ts';
import { SESSION_TOPIC, WILL_TOPIC, type Observer } from './observer.ts';
import { ProcessClock } from './process-clock.ts';

const REQUEST_TIMEOUT_MS = 3_000;
const RETRY_MS = 100;

interface Seat {
  connection: string | undefined;
  isOpen: boolean;
  /** The session is this gateway's. */
  isOwned: boolean;
  /** What is done for this session is done one after the other. */
  queue: Promise<void>;
}

/** The least that a gateway does with sessions and wills, over the real remote store. */
export class SimGateway {
  readonly clock: ProcessClock;
  readonly #name: string;
  readonly #observer: Observer;
  readonly #store: RemoteStore;
  readonly #seats = new Map<string, Seat>();
  #tokens = 0;
  isDead = false;
  isFenced = false;
  /** Nothing comes through to the store or from it, and nobody is told. */
  isCutOff = false;
  #isSilent = false;

  constructor(name: string, clock: Clock, dial: StoreDialer, observer: Observer, leaseMs: number) {
    this.#name = name;
    this.#observer = observer;
    this.clock = new ProcessClock(clock);
    this.#store = createLinkedStore(
      {
        nodeName: name,
        leaseMs,
        clock: this.clock,
        logger: silentLogger,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
      },
      dial,
    );
    this.#store.onRevoked((key) => {
      this.#then(claimName(key), () => this.#giveUp(claimName(key)));
    });
    this.#store.onOrphans((keys) => this.#care(keys));
    this.#store.onSilent((isSilent) => {
      this.#isSilent = isSilent;
      // Others may have their sessions soon [MQTT-3.1.4-2].
      if (isSilent) for (const [client] of this.connections) this.leave(client, false);
    });
    this.#store.onFenced(() => {
      this.isFenced = true;
    });
  }

  /** The store's number for it. */
  get origin(): number {
    return this.#store.origin;
  }

  /** A client is connected here and gets its messages; nobody gets any from a process that stands still. */
  serves(client: string): boolean {
    return !this.#isOver() && !this.clock.isPaused && this.#seats.get(client)?.isOpen === true;
  }

  start(): Promise<void> {
    return this.#store.start();
  }

  /** The connections that end with this process. */
  end(): string[] {
    this.isDead = true;
    this.clock.end();
    return [...this.#seats.values()].flatMap(({ connection }) => connection ?? []);
  }

  /** Whether the client's connection is this one, from its side. */
  has(client: string, connection: string): boolean {
    return this.#seats.get(client)?.connection === connection;
  }

  get connections(): [string, string][] {
    return [...this.#seats].flatMap(([client, { connection }]) =>
      connection === undefined ? [] : [[client, connection] as [string, string]],
    );
  }

  connect(client: string, connection: string): void {
    if (this.#isSilent) {
      this.#ended(connection);
      return;
    }
    const seat = this.#seat(client);
    const before = seat.connection;
    seat.connection = connection;
    const wasOpen = seat.isOpen;
    seat.isOpen = false;
    this.#then(client, async () => {
      await this.#store.claim(claimKey(ClaimKind.SESSION, client));
      seat.isOwned = true;
      if (before !== undefined && wasOpen) this.#ended(before);
      await this.#publishFound(client);
      if (seat.connection !== connection) {
        // Gone meanwhile; a newer one goes on with what is owned now.
        if (seat.connection === undefined) await this.#release(client);
        return;
      }
      this.#store.putState(StateSpace.WILL, client, Buffer.from(connection));
      await this.#save(client);
      if (seat.connection !== connection) return;
      seat.isOpen = true;
      const fate = this.#observer.connections.get(connection);
      if (fate !== undefined && !fate.isEnded) fate.isAccepted = true;
    });
  }

  write(client: string): void {
    this.#then(client, async () => {
      if (this.#seats.get(client)?.isOpen === true) await this.#save(client);
    });
  }

  /** The client's connection ends. */
  leave(client: string, isDisconnect: boolean): void {
    const seat = this.#seats.get(client);
    const connection = seat?.connection;
    if (seat === undefined || connection === undefined) return;
    const fate = this.#observer.connections.get(connection);
    if (fate !== undefined) {
      fate.isEnded = true;
      fate.isDisconnected ||= isDisconnect && seat.isOpen;
    }
    const forgets = isDisconnect && seat.isOpen;
    seat.connection = undefined;
    seat.isOpen = false;
    this.#then(client, async () => {
      if (!(await this.#store.claimIfFree(claimKey(ClaimKind.SESSION, client)))) return;
      seat.isOwned = true;
      if (forgets) this.#store.deleteState(StateSpace.WILL, client);
      else await this.#publishFound(client);
      await this.#release(client);
    });
  }

  // ------------------------------------------------------------------ sessions

  async #giveUp(client: string): Promise<void> {
    const seat = this.#seat(client);
    if (!seat.isOwned) {
      // Given up already, or granted when nobody waited for it any more.
      await this.#careFor(client);
      return;
    }
    if (seat.connection !== undefined) this.#ended(seat.connection);
    seat.connection = undefined;
    seat.isOpen = false;
    await this.#publishFound(client);
    await this.#release(client);
  }

  async #care(keys: readonly string[]): Promise<void> {
    const clients = new Set(keys.map(claimName));
    await Promise.all(
      [...clients].map((client) => {
        return new Promise<void>((resolve, reject) => {
          this.#then(client, async () => {
            try {
              if (this.#seat(client).connection === undefined) await this.#careFor(client);
              resolve();
            } catch (error) {
              reject(error instanceof Error ? error : new Error(String(error)));
            }
          });
        });
      }),
    );
  }

  async #careFor(client: string): Promise<void> {
    if (!(await this.#store.claimIfFree(claimKey(ClaimKind.SESSION, client)))) return;
    await this.#publishFound(client);
    await this.#release(client);
  }

  /** The will that is in the store goes out; the record of it goes in the same commit. */
  async #publishFound(client: string): Promise<void> {
    const will = await this.#store.getState(StateSpace.WILL, client);
    if (will === undefined) return;
    this.#append(WILL_TOPIC + client, will);
    this.#store.deleteState(StateSpace.WILL, client);
  }

  async #save(client: string): Promise<void> {
    const token = `${this.#name}.${this.#store.nodeId}.${++this.#tokens}`;
    const commit = this.#append(SESSION_TOPIC + client, Buffer.from(token));
    await this.#store.committed(commit);
    if (!this.isDead) this.#observer.confirmed(token);
  }

  async #release(client: string): Promise<void> {
    this.#seat(client).isOwned = false;
    this.#store.release(claimKey(ClaimKind.SESSION, client));
    await this.#store.committed(this.#store.openCommit);
  }

  #append(topic: string, payload: Buffer): number {
    const handle = this.#store.topic(topic);
    return this.#store.append(handle, messageHead(), payload, 0, payload.length);
  }

  #ended(connection: string): void {
    const fate = this.#observer.connections.get(connection);
    if (fate !== undefined) fate.isEnded = true;
  }

  #seat(client: string): Seat {
    let seat = this.#seats.get(client);
    if (seat === undefined) {
      seat = { connection: undefined, isOpen: false, isOwned: false, queue: Promise.resolve() };
      this.#seats.set(client, seat);
    }
    return seat;
  }

  #isOver(): boolean {
    return this.isDead || this.isFenced;
  }

  /** A failure closes the connection, as in a gateway. */
  #then(client: string, work: () => Promise<void>): void {
    const seat = this.#seat(client);
    seat.queue = seat.queue.then(async () => {
      if (this.#isOver()) return;
      try {
        await work();
      } catch {
        if (this.#isOver()) return;
        if (seat.connection !== undefined) this.leave(client, false);
        else this.clock.after(RETRY_MS, () => this.#then(client, () => this.#giveUp(client)));
      }
    });
  }
}
