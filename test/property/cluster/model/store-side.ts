import type {
  Batch,
  Key,
  Life,
  Link,
  NodeMessage,
  Pending,
  Request,
  StoreMessage,
  StoreState,
  World,
  Write,
} from './types.ts';
import { batchId } from './node-side.ts';
import { Violation } from '../exploration.ts';

export function newStore(keys: number): StoreState {
  return {
    isUp: true,
    disk: {
      nodes: [],
      owners: new Array<Life>(keys).fill(0),
      wills: new Array<number>(keys).fill(0),
      orphans: [],
      lastSerial: 0,
    },
    pending: [],
    taken: [],
    waiters: [],
    asked: [],
    caretaker: 0,
    given: [],
    awaited: [],
  };
}

/** The store's process. Writes wait in `pending` for a commit; a crash loses them and the memory. */
export class StoreSide {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  get #store(): StoreState {
    return this.#world.store;
  }

  crash(): void {
    const { rules } = this.#world;
    const { disk } = this.#store;
    const store = newStore(disk.owners.length);
    if (!rules.durableClaims) disk.owners.fill(0);
    if (!rules.durableOrphans) disk.orphans = [];
    if (!rules.durableSequence) for (const node of disk.nodes) node.last = 0;
    store.disk = disk;
    store.isUp = false;
    this.#world.store = store;
    for (const link of this.#world.links) this.cut(link);
  }

  start(): void {
    const store = this.#store;
    store.isUp = true;
    store.taken = store.disk.nodes.map(({ life, last }) => ({ life, sequence: last }));
    if (!this.#world.rules.durableClaims) store.awaited = store.disk.nodes.map(({ life }) => life);
  }

  cut(link: Link): void {
    link.storeGone = true;
    link.isAttached = false;
    link.up = [];
    const store = this.#store;
    if (store.caretaker === link.life && this.#linkOf(link.life) === undefined)
      this.#forgetCaretaker();
    if (store.isUp) this.#advance();
  }

  /** The lease of a node is over. */
  expire(life: Life): void {
    this.#store.pending.push({ p: 'leave', life });
  }

  receive(link: Link, message: NodeMessage): void {
    if (message.m === 'hello') {
      this.#hello(link, message.resumes, message.claims);
    } else if (message.m === 'batch') {
      this.#batch(link, message.batch);
    } else if (link.isAttached && !this.isLeaving(link.life)) {
      this.#request(link, message.request);
    }
    this.#advance();
  }

  isLeaving(life: Life): boolean {
    return this.#store.pending.some((item) => item.p === 'leave' && item.life === life);
  }

  /** Everything pending becomes durable. */
  commit(): void {
    const store = this.#store;
    const count = store.pending.length;
    // They stay in sight while they are applied: what they lead to is of the next commit.
    for (let i = 0; i < count; i++) this.#apply(store.pending[i]!);
    store.pending = store.pending.slice(count);
    this.#advance();
  }

  /** Nothing of what is pending becomes durable; the nodes are told so, then the process ends. */
  failCommit(): void {
    const store = this.#store;
    for (const item of store.pending) {
      if (item.p !== 'batch') continue;
      this.#tell(item.life, { m: 'settled', sequence: item.batch.sequence, failed: true });
    }
    if (this.#world.rules.failureEndsStream) {
      this.crash();
    } else {
      store.pending = store.pending.filter((item) => item.p !== 'batch');
      this.#advance();
    }
  }

  // ------------------------------------------------------------------ nodes

  #hello(link: Link, resumes: boolean, claims: readonly Key[]): void {
    const { rules } = this.#world;
    const store = this.#store;
    const { life } = link;
    if (rules.newestHelloCounts) {
      for (const other of this.#world.links) {
        if (other !== link && other.life === life && !other.storeGone) this.cut(other);
      }
    }
    link.claims = [...claims];
    if (store.disk.nodes.some((node) => node.life === life) && !this.isLeaving(life)) {
      this.#welcome(link);
    } else if (resumes && rules.fencing) {
      this.#fence(link);
    } else if (!store.pending.some((item) => item.p === 'join' && item.life === life)) {
      if (this.isLeaving(life)) this.#fence(link);
      else store.pending.push({ p: 'join', life });
    }
  }

  #fence(link: Link): void {
    link.down.push({ m: 'fenced' });
    this.cut(link);
  }

  #welcome(link: Link): void {
    const store = this.#store;
    const { life } = link;
    const last = store.disk.nodes.find((node) => node.life === life)?.last ?? 0;
    // What it has asked for on the connection before is not answered any more.
    for (const item of store.pending) {
      if (item.p === 'grant' && item.life === life) item.isAnswered = false;
    }
    const lost = this.#reclaim(life, link.claims ?? []);
    link.isAttached = true;
    link.down.push({ m: 'welcome', last, lost });
    store.waiters = store.waiters.filter((waiter) => waiter.life !== life);
    store.awaited = store.awaited.filter((awaited) => awaited !== life);
    if (this.#world.rules.revokeAgain) {
      store.asked = store.asked.filter((key) => store.disk.owners[key] !== life);
    }
    if (store.caretaker === life) this.#forgetCaretaker();
  }

  /** Holds what the node says that it owns against what the store knows; the claims that it has lost. */
  #reclaim(life: Life, claims: readonly Key[]): Key[] {
    const { owners } = this.#store.disk;
    if (this.#world.rules.durableClaims) {
      for (let key = 0; key < owners.length; key++) {
        const isOwner = owners[key] === life || this.#isGranting(key, life);
        if (isOwner && !claims.includes(key)) this.#store.pending.push({ p: 'free', life, key });
      }
    } else {
      for (const key of claims) if (owners[key] === 0) owners[key] = life;
    }
    return claims.filter((key) => owners[key] !== life && !this.#isGranting(key, life));
  }

  // ------------------------------------------------------------------ batches

  #batch(link: Link, batch: Batch): void {
    const { rules } = this.#world;
    const store = this.#store;
    const { life } = link;
    if (rules.fencing && (!link.isAttached || this.isLeaving(life))) return;
    let taken = store.taken.find((entry) => entry.life === life);
    if (taken === undefined) store.taken.push((taken = { life, sequence: 0 }));
    if (batch.sequence <= taken.sequence) {
      const last = store.disk.nodes.find((node) => node.life === life)?.last ?? 0;
      if (batch.sequence <= last) {
        this.#tell(life, { m: 'settled', sequence: batch.sequence, failed: false });
      }
      return;
    }
    taken.sequence = batch.sequence;
    store.pending.push({ p: 'batch', life, batch });
    if (rules.releaseWhenDurable) return;
    for (const write of batch.writes) if (write.w === 'release') this.#free(life, write.key);
  }

  #apply(item: Pending): void {
    const store = this.#store;
    const { disk } = store;
    switch (item.p) {
      case 'batch':
        this.#applyBatch(item.life, item.batch);
        return;
      case 'join': {
        disk.nodes.push({ life: item.life, last: 0 });
        const link = this.#world.links.find(
          (other) => other.life === item.life && !other.storeGone && !other.isAttached,
        );
        if (link !== undefined && link.claims !== null) this.#welcome(link);
        return;
      }
      case 'leave':
        this.#bury(item.life);
        return;
      case 'grant':
        this.#grant(item.life, item.key, item.isAnswered);
        return;
      case 'free':
        if (disk.owners[item.key] !== item.life) return;
        this.#free(item.life, item.key);
        if (this.#world.rules.untouchedIsOrphan) this.#orphan(item.key);
        return;
      case 'done':
        disk.orphans = disk.orphans.filter(
          (orphan) =>
            !item.given.some(
              (given) =>
                given.key === orphan.key &&
                (given.serial === orphan.serial || !this.#world.rules.orphansOnce),
            ),
        );
    }
  }

  #applyBatch(life: Life, batch: Batch): void {
    const { ghost } = this.#world;
    const { disk } = this.#store;
    const id = batchId(life, batch);
    if (ghost.applied.includes(id)) throw new Violation(`batch ${id} is applied twice`);
    if (ghost.failed.includes(id)) throw new Violation(`batch ${id} had failed and is applied`);
    ghost.applied.push(id);
    for (const write of batch.writes) this.#applyWrite(life, write);
    const node = disk.nodes.find((other) => other.life === life);
    if (node === undefined) return;
    if (node.last >= batch.sequence) throw new Violation(`batch ${id} comes after ${node.last}`);
    node.last = batch.sequence;
    this.#tell(life, { m: 'settled', sequence: batch.sequence, failed: false });
  }

  #applyWrite(life: Life, write: Write): void {
    const { ghost } = this.#world;
    const { wills } = this.#store.disk;
    if (write.w === 'release') {
      if (this.#world.rules.releaseWhenDurable) this.#free(life, write.key);
      return;
    }
    if (write.epoch !== ghost.epochs[write.key]) {
      throw new Violation(
        `life ${life} writes session ${write.key} of ownership ${write.epoch}, it is ${ghost.epochs[write.key]!}`,
      );
    }
    if (write.w === 'will') {
      wills[write.key] = write.connection;
    } else if (write.w === 'unwill') {
      const connection = wills[write.key]!;
      if (connection !== 0) ghost.connections[connection - 1]!.isCleared = true;
      wills[write.key] = 0;
    } else if (write.w === 'publish') {
      const connection = ghost.connections[write.connection - 1]!;
      if (connection.published > 0) throw new Violation(`will ${write.connection} is sent twice`);
      if (connection.isCleared)
        throw new Violation(`will ${write.connection} is sent after its end`);
      connection.published++;
    }
  }

  // ------------------------------------------------------------------ claims

  #isGranting(key: Key, life?: Life): boolean {
    return this.#store.pending.some(
      (item) =>
        item.p === 'grant' && item.key === key && (life === undefined || item.life === life),
    );
  }

  #grant(life: Life, key: Key, isAnswered: boolean): void {
    const { ghost } = this.#world;
    const store = this.#store;
    store.disk.owners[key] = life;
    const epoch = ghost.epochs[key]! + 1;
    ghost.epochs[key] = epoch;
    if (!isAnswered) return;
    this.#tell(life, { m: 'claimed', key, granted: true, epoch });
  }

  #free(life: Life, key: Key): void {
    const store = this.#store;
    if (store.disk.owners[key] !== life) return;
    store.disk.owners[key] = 0;
    store.asked = store.asked.filter((asked) => asked !== key);
  }

  #bury(life: Life): void {
    const store = this.#store;
    const { disk } = store;
    disk.nodes = disk.nodes.filter((node) => node.life !== life);
    disk.owners.forEach((owner, key) => {
      if (owner !== life) return;
      this.#free(life, key);
      this.#orphan(key);
    });
    store.waiters = store.waiters.filter((waiter) => waiter.life !== life);
    store.awaited = store.awaited.filter((awaited) => awaited !== life);
    if (store.caretaker === life) this.#forgetCaretaker();
    for (const link of this.#world.links) {
      if (link.life === life && !link.storeGone && this.#world.rules.fencing) this.#fence(link);
    }
  }

  #orphan(key: Key): void {
    const { disk } = this.#store;
    disk.orphans.push({ serial: ++disk.lastSerial, key });
  }

  #forgetCaretaker(): void {
    const store = this.#store;
    if (!this.#world.rules.durableOrphans) {
      store.disk.orphans = store.disk.orphans.filter((orphan) => !store.given.includes(orphan));
    }
    store.caretaker = 0;
    store.given = [];
  }

  #request(link: Link, request: Request): void {
    const store = this.#store;
    const { life } = link;
    if (request.r === 'done') {
      if (store.caretaker !== life) return;
      store.pending.push({ p: 'done', given: store.given });
    } else if (request.r === 'read') {
      this.#tell(life, { m: 'value', key: request.key, will: this.#will(request.key) });
    } else if (request.onlyIfFree) {
      this.#claimIfFree(life, request.key);
    } else if (
      !store.waiters.some((waiter) => waiter.life === life && waiter.key === request.key)
    ) {
      store.waiters.push({ life, key: request.key });
    }
  }

  #claimIfFree(life: Life, key: Key): void {
    const store = this.#store;
    const owner = store.disk.owners[key];
    const isTaken = owner !== 0 || this.#isGranting(key) || store.awaited.length > 0;
    if (owner === life || this.#isGranting(key, life)) store.waiters.push({ life, key });
    else if (isTaken) this.#tell(life, { m: 'claimed', key, granted: false, epoch: 0 });
    else this.#giveTo(life, key);
  }

  /** What a read sees: with what is not durable yet. */
  #will(key: Key): number {
    let will = this.#store.disk.wills[key]!;
    for (const item of this.#store.pending) {
      if (item.p !== 'batch') continue;
      for (const write of item.batch.writes) {
        if (write.key !== key) continue;
        if (write.w === 'will') will = write.connection;
        else if (write.w === 'unwill') will = 0;
      }
    }
    return will;
  }

  /** A change of its owner waits for the commit. */
  #isTouched(key: Key): boolean {
    const owner = this.#store.disk.owners[key];
    return this.#store.pending.some(
      (item) =>
        ((item.p === 'grant' || item.p === 'free') && item.key === key) ||
        (item.p === 'batch' &&
          item.life === owner &&
          item.batch.writes.some((write) => write.w === 'release' && write.key === key)),
    );
  }

  #giveTo(life: Life, key: Key): void {
    if (this.#world.rules.durableClaims)
      this.#store.pending.push({ p: 'grant', life, key, isAnswered: true });
    else this.#grant(life, key, true);
  }

  /** What has become possible: grants, questions to owners, orphans to a caretaker. */
  #advance(): void {
    const store = this.#store;
    for (let index = 0; index < store.waiters.length; index++) {
      const { life, key } = store.waiters[index]!;
      if (this.#isTouched(key) || this.isLeaving(life) || store.awaited.length > 0) continue;
      const owner = store.disk.owners[key]!;
      if (owner === 0 || owner === life) {
        store.waiters.splice(index--, 1);
        if (owner === 0) this.#giveTo(life, key);
        else
          this.#tell(life, {
            m: 'claimed',
            key,
            granted: true,
            epoch: this.#world.ghost.epochs[key]!,
          });
      } else if (!store.asked.includes(key) && this.#linkOf(owner) !== undefined) {
        store.asked.push(key);
        this.#tell(owner, { m: 'revoked', key });
      }
    }
    this.#giveOrphans();
  }

  #giveOrphans(): void {
    const store = this.#store;
    if (store.pending.some((item) => item.p === 'done')) return;
    const isDone = store.given.every(({ serial }) =>
      store.disk.orphans.every((orphan) => orphan.serial !== serial),
    );
    if (store.caretaker !== 0 && !isDone) return;
    store.caretaker = 0;
    store.given = [];
    if (store.disk.orphans.length === 0) return;
    const link = this.#world.links.find(
      (other) => other.isAttached && !other.storeGone && !this.isLeaving(other.life),
    );
    if (link === undefined) return;
    store.caretaker = link.life;
    store.given = [...store.disk.orphans];
    link.down.push({ m: 'orphans', keys: [...new Set(store.given.map(({ key }) => key))] });
  }

  // ------------------------------------------------------------------ links

  #linkOf(life: Life): Link | undefined {
    return this.#world.links.findLast(
      (link) => link.life === life && link.isAttached && !link.storeGone,
    );
  }

  #tell(life: Life, message: StoreMessage): void {
    const link = this.#linkOf(life);
    if (link !== undefined && !link.nodeGone) link.down.push(message);
  }
}
