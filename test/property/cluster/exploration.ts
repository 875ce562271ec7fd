import { createHash } from 'node:crypto';
import type { Random } from '../../helpers/random.ts';

/** A broken promise. */
export class Violation extends Error {}

/** What may happen next: its kind, and what it happens to. */
export type AnyAction = readonly [kind: string, ...which: number[]];

/** A world of plain data, without `rules` small enough to be copied, and what may happen in it. */
export interface Model<World extends { readonly rules: object }, Action extends AnyAction> {
  /** Every action that is possible, faults within the budget of the world. */
  possible(world: World): Action[];
  /** @throws Violation when it breaks a promise */
  perform(world: World, action: Action): void;
  /**
   * No fault any more: everything comes to rest.
   * @throws Violation when it does not, or not as it should
   */
  settle(world: World): void;
  /** How often an action of these kinds is taken when it is picked: the others are what keeps things going. */
  readonly chances: Partial<Readonly<Record<Action[0], number>>>;
}

export interface Exploration {
  /** Different ones that were seen; 0 when nobody counted. */
  readonly states: number;
  /** Events behind the first state, of the states that were seen last. */
  readonly depth: number;
  /** Schedules that were followed until everything had come to rest. */
  readonly schedules: number;
  /** False: there are more states than were to be seen. */
  readonly isComplete: boolean;
  /** The schedule that breaks a promise, in words; the promise last. */
  readonly violation?: readonly string[];
}

interface Step {
  readonly from: Step | undefined;
  readonly action: AnyAction;
}

function inWords(step: Step | undefined, broken: string): string[] {
  const words = [broken];
  for (let at = step; at !== undefined; at = at.from) words.unshift(at.action.join(' '));
  return words;
}

/** What an action breaks, or undefined. */
function attempt(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return error.message;
    throw error;
  }
}

function pack(world: object): string {
  return JSON.stringify(world, (name: string, value: unknown): unknown =>
    name === 'rules' ? undefined : value,
  );
}

/** Stands for a state among those that were seen: millions of them have to fit in. */
function digest(packed: string): string {
  return createHash('md5').update(packed).digest('binary');
}

/**
 * Every state that can be reached, nearest first, and whether it settles from there.
 * @param settleEvery 1 = from each state, n = from every nth
 * @param maxStates does not go on beyond
 */
export function everyOrder<World extends { readonly rules: object }, Action extends AnyAction>(
  model: Model<World, Action>,
  first: World,
  settleEvery: number,
  maxStates: number,
): Exploration {
  const { rules } = first;
  const unpack = (text: string): World => ({ ...(JSON.parse(text) as World), rules });
  const start = pack(first);
  const seen = new Set([digest(start)]);
  let level: [string, Step | undefined][] = [[start, undefined]];
  let [schedules, depth] = [0, 0];
  const found = (isComplete: boolean, violation?: readonly string[]): Exploration => {
    const counts = { states: seen.size, schedules, depth, isComplete };
    return violation === undefined ? counts : { ...counts, violation };
  };
  for (; level.length > 0; depth++) {
    const next: typeof level = [];
    for (const [text, from] of level) {
      for (const action of model.possible(unpack(text))) {
        const world = unpack(text);
        const step = { from, action };
        const broken = attempt(() => {
          model.perform(world, action);
        });
        if (broken !== undefined) return found(true, inWords(step, broken));
        const reached = pack(world);
        const mark = digest(reached);
        if (seen.has(mark)) continue;
        if (seen.size === maxStates) return found(false);
        seen.add(mark);
        next.push([reached, step]);
        if (seen.size % settleEvery !== 0) continue;
        schedules++;
        const unsettled = attempt(() => {
          model.settle(world);
        });
        if (unsettled !== undefined) return found(true, inWords(step, unsettled));
      }
    }
    level = next;
  }
  return found(true);
}

function pick<Action extends AnyAction>(
  actions: readonly Action[],
  chances: Partial<Readonly<Record<Action[0], number>>>,
  random: Random,
): Action {
  for (;;) {
    const action = random.pick(actions);
    const chance = chances[action[0] as Action[0]];
    if (chance === undefined || random.chance(chance)) return action;
  }
}

/** `count` schedules by chance from worlds that `begin` makes, each of up to `maxSteps` steps and then to rest. */
export function byChance<World extends { readonly rules: object }, Action extends AnyAction>(
  model: Model<World, Action>,
  begin: () => World,
  random: Random,
  count: number,
  maxSteps: number,
): Exploration {
  for (let schedule = 1; schedule <= count; schedule++) {
    const world = begin();
    let step: Step | undefined;
    const broken = attempt(() => {
      for (let left = random.below(maxSteps); left > 0; left--) {
        const actions = model.possible(world);
        if (actions.length === 0) break;
        const action = pick(actions, model.chances, random);
        step = { from: step, action };
        model.perform(world, action);
      }
      model.settle(world);
    });
    if (broken === undefined) continue;
    const violation = inWords(step, broken);
    return { states: 0, depth: 0, schedules: schedule, isComplete: false, violation };
  }
  return { states: 0, depth: 0, schedules: count, isComplete: false };
}
