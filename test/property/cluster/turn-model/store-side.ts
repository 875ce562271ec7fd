import { GatewaySide } from './gateway-side.ts';
import type { Answer, Batch, Gateway, Life, Message, Pending, Store, TurnWorld } from './types.ts';

export function newStore(lives: readonly Life[]): Store {
  return {
    isUp: true,
    disk: {
      lives: [...lives],
      owner: 0,
      record: { offset: 0, returned: [] },
      parts: [],
      orphans: [],
      caretakers: [],
    },
    pending: [],
    waiters: [],
    isOwnerAsked: false,
    given: [],
  };
}

/** The store, as far as turns go: batches come once and in order, which the other model is about. */
export class StoreSide {
  readonly #world: TurnWorld;

  constructor(world: TurnWorld) {
    this.#world = world;
  }

  get #store(): Store {
    return this.#world.store;
  }

  join(life: Life): void {
    this.#store.disk.lives.push(life);
  }

  /** The gateway is heard again; one that has been given up learns that first. */
  hearAgain(index: number): void {
    const gateway = this.#world.gateways[index]!;
    gateway.isSilent = false;
    if (this.#world.rules.fencing && !this.#isLiving(gateway.life)) this.#fence(index);
  }

  expire(life: Life): void {
    this.#store.pending.push({ p: 'death', life });
  }

  /** What is not durable is lost; the gateways say it again. */
  crash(): void {
    this.#world.store = { ...newStore([]), disk: this.#store.disk, isUp: false };
    for (const gateway of this.#world.gateways) {
      gateway.sent = 0;
      gateway.heard = [];
      // Who waits asks again; orphans are given again.
      gateway.isWanted = false;
      if (gateway.adopting !== 0 && gateway.adopted === null) {
        // A claim that it has never heard of goes back; one that it has heard of it keeps, and says so when it says hello.
        const { disk } = this.#world.store;
        disk.caretakers = disk.caretakers.filter(
          ({ of, life }) => of !== gateway.adopting || life !== gateway.life,
        );
        gateway.adopting = 0;
        gateway.said = gateway.said.filter(
          (said) => !('question' in said && said.question.q === 'part'),
        );
      }
    }
  }

  start(): void {
    this.#store.isUp = true;
    this.#advance();
  }

  /** Takes the next thing that a gateway has said. */
  receive(index: number): void {
    const gateway = this.#world.gateways[index]!;
    const said = gateway.said[gateway.sent]!;
    const { life } = gateway;
    if (this.#world.rules.fencing && !this.#isLiving(life)) {
      this.#fence(index);
      return;
    }
    gateway.sent++;
    if ('batch' in said) this.#store.pending.push({ p: 'batch', life, batch: said.batch });
    else if (said.question.q === 'turn') this.#wait(life);
    else if (said.question.q === 'record')
      this.#tell(life, { a: 'record', record: this.#record() });
    else this.#store.pending.push({ p: 'care', life, of: said.question.of });
    this.#advance();
  }

  #fence(index: number): void {
    new GatewaySide(this.#world, index).begin(++this.#world.lastLife);
    this.join(this.#world.lastLife);
  }

  commit(): void {
    const { pending } = this.#store;
    this.#store.pending = [];
    for (const item of pending) this.#apply(item);
    this.#advance();
  }

  #apply(item: Pending): void {
    const store = this.#store;
    const { disk } = store;
    switch (item.p) {
      case 'batch':
        this.#applyBatch(item.life, item.batch);
        return;
      case 'grant':
        if (!disk.lives.includes(item.life)) return;
        disk.owner = item.life;
        store.isOwnerAsked = false;
        this.#tell(item.life, { a: 'turn' });
        return;
      case 'care':
        this.#care(item.life, item.of);
        return;
      case 'death':
        store.given = store.given.filter(
          ({ of, to }) => to !== item.life && this.#caretakerOf(of) !== item.life,
        );
        disk.caretakers = disk.caretakers.filter(({ life }) => life !== item.life);
        disk.lives = disk.lives.filter((life) => life !== item.life);
        if (disk.owner === item.life) this.#free();
        store.waiters = store.waiters.filter((life) => life !== item.life);
        if (this.#partOf(item.life).length > 0) disk.orphans.push(item.life);
    }
  }

  #applyBatch(life: Life, { sequence, record, part, dropPart, releases }: Batch): void {
    const { disk } = this.#store;
    const gateway = this.#gatewayOf(life);
    if (gateway !== undefined) {
      const index = gateway.said.findIndex(
        (said) => 'batch' in said && said.batch.sequence === sequence,
      );
      if (index >= 0) {
        gateway.said.splice(index, 1);
        gateway.sent--;
      }
    }
    if (record !== null) disk.record = record;
    if (part !== null) this.#putPart(life, part);
    if (dropPart !== 0) {
      this.#putPart(dropPart, []);
      disk.orphans = disk.orphans.filter((orphan) => orphan !== dropPart);
      disk.caretakers = disk.caretakers.filter(({ of }) => of !== dropPart);
    }
    if (releases && disk.owner === life) this.#free();
  }

  #putPart(life: Life, part: readonly Message[]): void {
    const { disk } = this.#store;
    disk.parts = disk.parts.filter((other) => other.life !== life);
    if (part.length > 0) disk.parts.push({ life, part });
  }

  #free(): void {
    this.#store.disk.owner = 0;
    this.#store.isOwnerAsked = false;
  }

  #wait(life: Life): void {
    const { disk, waiters, pending } = this.#store;
    const isReleasing = pending.some(
      (item) => item.p === 'batch' && item.life === life && item.batch.releases,
    );
    if (disk.owner === life && !isReleasing) this.#tell(life, { a: 'turn' });
    else if (!waiters.includes(life)) waiters.push(life);
  }

  /** Grants, questions to the owner, orphans to a caretaker. */
  #advance(): void {
    const store = this.#store;
    const { disk, pending, waiters } = store;
    const isMoving = pending.some(
      (item) => item.p === 'grant' || (item.p === 'batch' && item.batch.releases),
    );
    if (waiters.length > 0 && !isMoving) {
      if (disk.owner === 0) {
        pending.push({ p: 'grant', life: waiters.shift()! });
      } else if (!store.isOwnerAsked) {
        store.isOwnerAsked = true;
        this.#tell(disk.owner, { a: 'wanted' });
      }
    }
    if (!this.#world.rules.partsAdopted) return;
    for (const of of disk.orphans) {
      if (store.given.some((given) => given.of === of)) continue;
      // Somebody owns its claim, also after a restart: that one sees to it, or dies.
      if (this.#caretakerOf(of) !== undefined) continue;
      const to = this.#world.gateways.find(
        ({ life, adopting }) => adopting === 0 && this.#isLiving(life) && !this.#isCaretaker(life),
      );
      if (to === undefined) return;
      store.given.push({ of, to: to.life });
      this.#tell(to.life, { a: 'orphan', of });
    }
  }

  #caretakerOf(of: Life): Life | undefined {
    return this.#store.disk.caretakers.find((other) => other.of === of)?.life;
  }

  #isCaretaker(life: Life): boolean {
    const { given, disk } = this.#store;
    return given.some(({ of, to }) => to === life && disk.orphans.includes(of));
  }

  #isLiving(life: Life): boolean {
    const { disk, pending } = this.#store;
    return (
      disk.lives.includes(life) && !pending.some((item) => item.p === 'death' && item.life === life)
    );
  }

  /** A read sees what is written and not durable yet. */
  #record(): Store['disk']['record'] {
    let { record } = this.#store.disk;
    for (const item of this.#store.pending) {
      if (item.p === 'batch' && item.batch.record !== null) record = item.batch.record;
    }
    return record;
  }

  /** One gateway owns the claim of a dead one, and reads what that has left when it does. */
  #care(life: Life, of: Life): void {
    const { disk } = this.#store;
    if (!disk.lives.includes(life)) return;
    const isTaken = disk.caretakers.some((other) => other.of === of && other.life !== life);
    if (!isTaken) disk.caretakers = [...disk.caretakers.filter((o) => o.of !== of), { of, life }];
    this.#tell(life, { a: 'part', of, part: isTaken ? null : this.#partOf(of) });
  }

  #partOf(life: Life): readonly Message[] {
    return this.#store.disk.parts.find((other) => other.life === life)?.part ?? [];
  }

  #gatewayOf(life: Life): Gateway | undefined {
    return this.#world.gateways.find((gateway) => gateway.life === life);
  }

  #tell(life: Life, answer: Answer): void {
    this.#gatewayOf(life)?.heard.push(answer);
  }
}
