import { Violation } from '../exploration.ts';
import type { Epoch, LaneGateway, LaneWorld, Life } from './types.ts';

export function newGateway(life: Life): LaneGateway {
  return { life, isSilent: false, stage: 'none', epoch: 0 };
}

/** One gateway and the two stores of the session: what they do together. */
export class LaneSide {
  readonly #world: LaneWorld;
  readonly #index: number;

  constructor(world: LaneWorld, index: number) {
    this.#world = world;
    this.#index = index;
  }

  get #me(): LaneGateway {
    return this.#world.gateways[this.#index]!;
  }

  get life(): Life {
    return this.#me.life;
  }

  /** False when the other store has given it up, which it learns when it is heard there again. */
  get livesBeside(): boolean {
    return this.#world.beside.lives.includes(this.#me.life);
  }

  /** A new process, or a fenced one that begins anew; 0: it ends. What was sent is under way still. */
  begin(life: Life): void {
    const { home, beside } = this.#world;
    home.waiters = home.waiters.filter((waiter) => waiter !== this.#me.life);
    this.#world.gateways[this.#index] = newGateway(life);
    if (life === 0) return;
    home.lives.push(life);
    beside.lives.push(life);
  }

  get canConnect(): boolean {
    const { stage, isSilent } = this.#me;
    return stage === 'none' && !isSilent;
  }

  connect(): void {
    this.#me.stage = 'asked';
    this.#world.home.waiters.push(this.#me.life);
  }

  get canBeAsked(): boolean {
    const { home } = this.#world;
    const { life, stage, isSilent } = this.#me;
    return stage === 'open' && !isSilent && home.owner === life && home.waiters.length > 0;
  }

  get canBeGranted(): boolean {
    const { home } = this.#world;
    const { life, stage, isSilent } = this.#me;
    return stage === 'asked' && !isSilent && home.owner === 0 && home.waiters[0] === life;
  }

  granted(): void {
    const { home } = this.#world;
    const me = this.#me;
    home.owner = home.waiters.shift()!;
    me.epoch = ++home.epoch;
    me.stage = 'reading';
  }

  get canRead(): boolean {
    const { rules, beside } = this.#world;
    if (this.#me.stage !== 'reading' || !this.livesBeside) return false;
    return !rules.claimsBeside || beside.owner === 0;
  }

  /** What the session has in the other store; the client is connected then. */
  read(): void {
    const { beside } = this.#world;
    const me = this.#me;
    beside.owner = me.life;
    beside.readBy = Math.max(beside.readBy, me.epoch);
    me.stage = 'open';
  }

  /** A message of the other store is sent to the client, and that is saved there. */
  deliver(): void {
    const { life, epoch } = this.#me;
    for (const { stage, epoch: newer, life: other } of this.#world.gateways) {
      if (stage === 'open' && newer > epoch) {
        throw new Violation(`${life} delivers to a client that is connected to ${other}`);
      }
    }
    this.#save(false);
  }

  /** The connection ends, for whatever reason. */
  close(): void {
    const { home } = this.#world;
    const me = this.#me;
    home.waiters = home.waiters.filter((life) => life !== me.life);
    if (me.stage === 'asked') me.stage = 'none';
    if (me.stage === 'reading') me.stage = 'closing';
    if (me.stage !== 'open') return;
    me.stage = 'closing';
    const { rules, beside } = this.#world;
    if (!rules.releasesBehind && beside.owner === me.life) beside.owner = 0;
    this.#save(true);
  }

  get canRelease(): boolean {
    const { rules, underWay } = this.#world;
    const { stage, isSilent, life } = this.#me;
    if (stage !== 'closing' || isSilent) return false;
    return !rules.homeLast || underWay.every((save) => save.life !== life);
  }

  release(): void {
    const { home } = this.#world;
    const me = this.#me;
    if (home.owner === me.life) home.owner = 0;
    me.stage = 'none';
  }

  fallSilent(): void {
    this.#me.isSilent = true;
    if (this.#world.rules.closesWhenSilent) this.close();
  }

  hearAgain(): void {
    const { rules, home } = this.#world;
    const me = this.#me;
    me.isSilent = false;
    if (rules.fencing && !home.lives.includes(me.life)) this.begin(++this.#world.lastLife);
  }

  #save(releases: boolean): void {
    const { life, epoch } = this.#me;
    this.#world.underWay.push({ life, epoch, releases });
  }
}

/** The home has given a gateway up. */
export function expireAtHome({ home }: LaneWorld, life: Life): void {
  home.lives = home.lives.filter((other) => other !== life);
  home.waiters = home.waiters.filter((other) => other !== life);
  if (home.owner === life) home.owner = 0;
}

/** The other store has, which learns nothing from the home. */
export function expireBeside({ beside }: LaneWorld, life: Life): void {
  beside.lives = beside.lives.filter((other) => other !== life);
  if (beside.owner === life) beside.owner = 0;
}

/** What a life has sent first arrives at the other store. */
export function land(world: LaneWorld, life: Life): void {
  const { beside, underWay, rules } = world;
  const index = underWay.findIndex((save) => save.life === life);
  const [save] = underWay.splice(index, 1);
  if (save === undefined) return;
  if (rules.fencesBeside && !beside.lives.includes(life)) return;
  checkSave(life, save.epoch, beside.readBy);
  if (save.releases && beside.owner === life) beside.owner = 0;
}

function checkSave(life: Life, epoch: Epoch, readBy: Epoch): void {
  if (epoch >= readBy) return;
  throw new Violation(`what ${life} saves as owner ${epoch} comes when owner ${readBy} has read`);
}
