import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { claimKind, type Cluster, leavesSomething } from '../../../../src/lmq/spi/cluster.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { recordSize, writeRecord } from '../../../../src/lmq/spi/record.ts';
import type { StateSpace } from '../../../../src/lmq/spi/types.ts';
import type { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';

/** What a dead node does is not taken. */
const WRITES: ReadonlySet<string | symbol> = new Set([
  'append',
  'appendRecord',
  'putState',
  'deleteState',
  'commitOffset',
  'deleteOffset',
]);

/** What it asks is not answered. */
const ANSWERS: ReadonlySet<string | symbol> = new Set(['committed', 'getState']);

/** What a process that has ended waits for. */
const NEVER = new Promise<never>(() => undefined);

function away(): StoreError {
  return new StoreError(ErrorCode.STORE_UNAVAILABLE, 'away', { retryable: true });
}

interface Claim {
  owner: StoreNode | undefined;
  waiters: { readonly node: StoreNode; readonly grant: () => void }[];
}

/** A store in memory with the claims of several gateways in this process. */
export class SharedStore {
  readonly base: LmqStore;
  readonly nodes: StoreNode[] = [];
  readonly #claims = new Map<string, Claim>();
  #changes: (() => void)[] = [];

  constructor(clock: FakeClock) {
    this.base = createMemoryStore({ clock });
    this.base.onCommit(() => {
      const changes = this.#changes;
      this.#changes = [];
      for (const change of changes) change();
    });
  }

  /** Has `tell` called with the commit that is open, before anybody hears of the commit. */
  atCommit(tell: () => void): void {
    this.#changes.push(tell);
  }

  /** One gateway's view of it. */
  node(): StoreNode {
    const node = new StoreNode(this, this.nodes.length + 1);
    this.nodes.push(node);
    return node;
  }

  ownerOf(key: string): StoreNode | undefined {
    return this.#claims.get(key)?.owner;
  }

  claim(node: StoreNode, key: string): Promise<void> {
    const claim = this.#claim(key);
    claim.owner ??= node;
    if (claim.owner === node) return Promise.resolve();
    const { owner } = claim;
    return new Promise((resolve) => {
      claim.waiters.push({ node, grant: resolve });
      setImmediate(() => {
        owner.revoked?.(key);
      });
    });
  }

  claimIfFree(node: StoreNode, key: string): boolean {
    const claim = this.#claim(key);
    claim.owner ??= node;
    return claim.owner === node;
  }

  release(node: StoreNode, key: string): void {
    const claim = this.#claim(key);
    if (claim.owner !== node) return;
    const next = claim.waiters.shift();
    claim.owner = next?.node;
    next?.grant();
    if (claim.waiters.length > 0) claim.owner?.revoked?.(key);
  }

  /** The node is dead: what it has is free, and another node is told of what it leaves. */
  async kill(node: StoreNode): Promise<void> {
    node.isDead = true;
    const orphans: string[] = [];
    for (const claim of this.#claims.values()) {
      claim.waiters = claim.waiters.filter((waiter) => waiter.node !== node);
    }
    for (const [key, { owner }] of this.#claims) {
      if (owner !== node) continue;
      this.release(node, key);
      if (leavesSomething(claimKind(key))) orphans.push(key);
    }
    const living = this.nodes.filter(({ isDead }) => !isDead);
    const caretaker = living.find(({ orphans: adopts }) => adopts) ?? living.at(-1);
    await caretaker?.given(orphans);
  }

  #claim(key: string): Claim {
    const claim = this.#claims.get(key) ?? { owner: undefined, waiters: [] };
    this.#claims.set(key, claim);
    return claim;
  }
}

export class StoreNode implements Cluster {
  readonly nodeId: string;
  readonly origin: number;
  readonly store: LmqStore;
  isDead = false;
  /** How many turns of the event loop the store takes to answer what is read of its state. */
  turnsOfReads = 0;
  /** What is read of its state is not answered in time. */
  isAway = false;
  /** Space of the state that alone is not answered in time. */
  notRead: StateSpace | undefined;
  /** Kind of the claims that are not answered in time. */
  unanswered: string | undefined;
  revoked: ((key: string) => void) | undefined;
  orphans: ((keys: readonly string[]) => Promise<void>) | undefined;
  /** The store may soon count this node as dead; false: it does not. */
  silent: ((isSilent: boolean) => void) | undefined;
  readonly #shared: SharedStore;
  #given: string[] = [];
  /** What is given up is not claimed again before. */
  readonly #releasing = new Map<string, Promise<void>>();
  readonly #watchers = new Map<StateSpace, (key: string, value: Buffer | undefined) => void>();

  constructor(shared: SharedStore, origin: number) {
    this.#shared = shared;
    this.origin = origin;
    this.nodeId = `node-${String(origin)}`;
    this.store = this.#view(shared.base);
  }

  async claim(key: string): Promise<void> {
    await this.#releasing.get(key);
    if (this.isDead) return NEVER;
    if (claimKind(key) === this.unanswered) throw away();
    return this.#shared.claim(this, key);
  }

  async claimIfFree(key: string): Promise<boolean> {
    await this.#releasing.get(key);
    if (this.isDead) return NEVER;
    return this.#shared.claimIfFree(this, key);
  }

  async claimWith<Found>(key: string, read: () => Promise<Found>): Promise<Found> {
    await this.claim(key);
    return read();
  }

  release(key: string): void {
    const { base } = this.#shared;
    const releasing = base.committed(base.openCommit).then(() => {
      if (this.#releasing.get(key) === releasing) this.#releasing.delete(key);
      this.#shared.release(this, key);
    });
    this.#releasing.set(key, releasing);
  }

  /** Claims of a dead node; they wait until somebody here listens. */
  async given(keys: readonly string[]): Promise<void> {
    if (this.orphans === undefined) this.#given.push(...keys);
    else await this.orphans(keys);
  }

  onRevoked(listener: (key: string) => void): void {
    this.revoked = listener;
  }

  onOrphans(listener: (keys: readonly string[]) => Promise<void>): void {
    this.orphans = listener;
    const waiting = this.#given;
    this.#given = [];
    // As of a remote store, which tries again by itself.
    if (waiting.length > 0) void listener(waiting);
  }

  watchState(
    space: StateSpace,
    listener: (key: string, value: Buffer | undefined) => void,
  ): Promise<void> {
    this.#watchers.set(space, listener);
    return Promise.resolve();
  }

  onSilent(listener: (isSilent: boolean) => void): void {
    this.silent = listener;
  }

  onFenced(): void {
    // Nobody is fenced here.
  }

  /** Another node's change has become durable. */
  changed(space: StateSpace, key: string, value: Buffer | undefined): void {
    // A process that has ended hears, and asks for, nothing.
    if (this.isDead) return;
    this.#watchers.get(space)?.(key, value);
  }

  /** The store with this node's origin in its records, and its changes told to the others. */
  #view(base: LmqStore): LmqStore {
    const append: LmqStore['append'] = (topic, head, body, start, end) => {
      const { flags, publisher, properties, expirySeconds } = head;
      const { length } = topic.bytes;
      const size = recordSize(length, publisher.length, properties.length, end - start);
      const record = Buffer.alloc(size);
      writeRecord(
        record,
        0,
        flags,
        topic.bytes,
        publisher,
        properties,
        expirySeconds,
        0,
        0,
        body,
        start,
        end,
      );
      return base.appendRecord(topic, record, 0, this.origin);
    };
    const putState: LmqStore['putState'] = (space, key, value) =>
      this.#tell(base.putState(space, key, value), space, key, value);
    const deleteState: LmqStore['deleteState'] = (space, key) =>
      this.#tell(base.deleteState(space, key), space, key, undefined);
    const getState: LmqStore['getState'] = async (space, key) => {
      await turns(this.turnsOfReads);
      if (this.isAway || this.notRead === space) throw away();
      return base.getState(space, key);
    };
    const own = { append, putState, deleteState, getState };
    return new Proxy(base, {
      get: (target, property): unknown => {
        if (this.isDead && WRITES.has(property)) return () => target.openCommit;
        if (this.isDead && ANSWERS.has(property)) {
          return () => Promise.reject(new StoreError(ErrorCode.STORE_FENCED, 'dead'));
        }
        if (property in own) return own[property as keyof typeof own];
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  #tell(commit: number, space: StateSpace, key: string, value: Buffer | undefined): number {
    this.#shared.atCommit(() => {
      for (const node of this.#shared.nodes) if (node !== this) node.changed(space, key, value);
    });
    return commit;
  }
}
