import {
  type Answer,
  type Batch,
  type Gateway,
  type GroupRecord,
  type Life,
  type Message,
  type Question,
  type TurnWorld,
} from './types.ts';
import { Violation } from '../exploration.ts';

export function newGateway(life: Life): Gateway {
  return {
    life,
    isSilent: false,
    said: [],
    sent: 0,
    heard: [],
    sequence: 0,
    turn: 'none',
    isWanted: false,
    offset: 0,
    returned: [],
    inFlight: [],
    adopting: 0,
    adopted: null,
  };
}

/** One gateway with members of the group. */
export class GatewaySide {
  readonly #world: TurnWorld;
  readonly #index: number;

  constructor(world: TurnWorld, index: number) {
    this.#world = world;
    this.#index = index;
  }

  get #me(): Gateway {
    return this.#world.gateways[this.#index]!;
  }

  /** Begins anew, as a new process or in the same one, or ends (0); its members are gone. */
  begin(life: Life): void {
    this.#world.gateways[this.#index] = newGateway(life);
  }

  get canAsk(): boolean {
    const { turn, inFlight } = this.#me;
    return this.#hasMembers && turn === 'none' && inFlight.length < this.#world.room;
  }

  ask(): void {
    this.#me.turn = 'asked';
    this.#question({ q: 'turn' });
  }

  /**
   * It has heard nothing of the store for five sixths of its lease, so that the store may take it for dead soon. After a
   * pause that is the first thing that it finds: what it did before the pause counts as done before the silence.
   */
  fallSilent(): void {
    this.#me.isSilent = true;
    if (this.#world.rules.closesWhenSilent) this.leave();
  }

  get #hasMembers(): boolean {
    return !this.#me.isSilent || !this.#world.rules.closesWhenSilent;
  }

  get canHandOut(): boolean {
    const { turn, inFlight, returned, offset } = this.#me;
    const { rules, room, messages } = this.#world;
    if (!this.#hasMembers) return false;
    if (turn !== 'held' && (rules.onlyWithTurn || turn !== 'none')) return false;
    return inFlight.length < room && (returned.length > 0 || offset < messages);
  }

  /** To a member here. */
  handOut(): void {
    const me = this.#me;
    const message = me.returned.shift() ?? me.offset++;
    this.#check(message);
    me.inFlight.push(message);
  }

  acknowledge(): void {
    const me = this.#me;
    const message = me.inFlight.shift()!;
    this.#world.acknowledged[message] = me.life;
  }

  /** Members go, and give back what they had. */
  leave(): void {
    const me = this.#me;
    me.returned = union(me.returned, me.inFlight);
    me.inFlight = [];
  }

  /** As ShareLog does now and then. */
  save(): void {
    this.#write({});
  }

  get canGiveAway(): boolean {
    return this.#me.isWanted && this.#me.turn === 'held';
  }

  giveAway(): void {
    const me = this.#me;
    if (!this.#world.rules.savedWithRelease) this.#say({ releases: true });
    else this.#write({ releases: true });
    me.turn = 'none';
    me.isWanted = false;
    me.returned = [];
  }

  hear(answer: Answer): void {
    const me = this.#me;
    switch (answer.a) {
      case 'wanted':
        if (me.turn === 'none') this.#say({ releases: true });
        else me.isWanted = true;
        return;
      case 'turn':
        this.#answered('turn');
        if (this.#world.rules.readAfterGrant) {
          me.turn = 'reading';
          this.#question({ q: 'record' });
        } else {
          this.#enter({ offset: me.offset, returned: [] });
        }
        return;
      case 'record':
        this.#answered('record');
        this.#enter(answer.record);
        return;
      case 'orphan':
        if (me.adopting !== 0) return;
        me.adopting = answer.of;
        this.#question({ q: 'part', of: answer.of });
        return;
      case 'part':
        this.#answered('part');
        if (answer.part === null) {
          me.adopting = 0;
          return;
        }
        me.adopted = [...answer.part];
        if (me.turn === 'held' || !this.#world.rules.adoptedWithTurn) this.#adopt();
        else if (me.turn === 'none') this.ask();
    }
  }

  #enter(record: GroupRecord): void {
    const me = this.#me;
    me.turn = 'held';
    me.offset = record.offset;
    // What was given back here while another one had the turn is nobody's now.
    me.returned = union(record.returned, me.returned);
    if (me.adopted !== null) this.#adopt();
  }

  /** What the dead one's members had is nobody's. */
  #adopt(): void {
    const me = this.#me;
    const dropPart = me.adopting;
    me.returned = union(me.returned, me.adopted ?? []);
    me.adopting = 0;
    me.adopted = null;
    if (!this.#world.rules.adoptedWithTurn) {
      const record = { offset: me.offset, returned: [...me.returned] };
      this.#say({ dropPart, record });
    } else {
      this.#write({ dropPart });
    }
  }

  #check(message: Message): void {
    const { gateways, store, acknowledged } = this.#world;
    const isAlive = (life: Life): boolean => store.disk.lives.includes(life);
    const { life } = this.#me;
    for (const other of gateways) {
      if (other.inFlight.includes(message)) {
        throw new Violation(`message ${message} is with members of ${other.life} and ${life}`);
      }
    }
    const by = acknowledged[message]!;
    if (by !== 0 && isAlive(by)) {
      throw new Violation(`message ${message}, acknowledged at ${by}, comes again at ${life}`);
    }
  }

  /** Saves what is to be saved, with more in the same commit. */
  #write(more: Partial<Batch>): void {
    const me = this.#me;
    const { rules } = this.#world;
    const hasTurn = me.turn === 'held';
    const given = hasTurn || !rules.returnsInPart ? [] : me.returned;
    const writesRecord = hasTurn || (!rules.recordOnlyWithTurn && me.turn === 'none');
    this.#say({
      record: writesRecord ? { offset: me.offset, returned: [...me.returned] } : null,
      part: rules.partWithPosition || !hasTurn ? union(me.inFlight, given) : null,
      ...more,
    });
  }

  #say(content: Partial<Batch>): void {
    const me = this.#me;
    const nothing = { record: null, part: null, dropPart: 0, releases: false };
    me.said.push({ batch: { ...nothing, ...content, sequence: ++me.sequence } });
  }

  #question(question: Question): void {
    this.#me.said.push({ question });
  }

  #answered(kind: Question['q']): void {
    const me = this.#me;
    const index = me.said.findIndex((said) => 'question' in said && said.question.q === kind);
    me.said.splice(index, 1);
    me.sent--;
  }
}

export function union(one: readonly Message[], other: readonly Message[]): Message[] {
  return [...new Set([...one, ...other])].sort((a, b) => a - b);
}
