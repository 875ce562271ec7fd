import { newWorld, perform, possible, type Action, type ActionKind, type Size } from './actions.ts';
import type { Random } from '../../../helpers/random.ts';
import type { Rules } from './rules.ts';
import { NO_BUDGET, settle } from './settle.ts';
import { Violation, type World } from './types.ts';

export interface Exploration {
  readonly states: number;
  readonly schedules: number;
  /** The schedule that breaks a promise, in words; the promise last. */
  readonly violation?: readonly string[];
}

function pack(world: World): string {
  return JSON.stringify(world, (name: string, value: unknown): unknown =>
    name === 'rules' ? undefined : value,
  );
}

function unpack(text: string, rules: Rules): World {
  return { ...(JSON.parse(text) as Omit<World, 'rules'>), rules };
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

/** A world whose nodes are all attached. */
function readyWorld(rules: Rules, size: Size): World {
  const world = newWorld(rules, { ...size, budget: NO_BUDGET });
  settle(world);
  world.budget = { ...size.budget };
  return world;
}

interface Step {
  readonly from: Step | undefined;
  readonly action: Action;
}

function inWords(step: Step | undefined, broken: string): string[] {
  const words = [broken];
  for (let at = step; at !== undefined; at = at.from) words.unshift(at.action.join(' '));
  return words;
}

/**
 * Every state that can be reached, nearest first, and whether it settles from there.
 * @param settleEvery 1 = from each state, n = from every nth
 * @param maxStates gives up (throws) beyond
 */
export function breadthFirst(
  rules: Rules,
  size: Size,
  settleEvery: number,
  maxStates: number,
): Exploration {
  const first = pack(readyWorld(rules, size));
  const seen = new Set([first]);
  let level: [string, Step | undefined][] = [[first, undefined]];
  let schedules = 0;
  while (level.length > 0) {
    const next: typeof level = [];
    for (const [text, from] of level) {
      for (const action of possible(unpack(text, rules))) {
        const world = unpack(text, rules);
        const step = { from, action };
        const broken = attempt(() => {
          perform(world, action);
        });
        if (broken !== undefined)
          return { states: seen.size, schedules, violation: inWords(step, broken) };
        const reached = pack(world);
        if (seen.has(reached)) continue;
        seen.add(reached);
        next.push([reached, step]);
        if (seen.size > maxStates) throw new Error(`more than ${maxStates} states`);
        if (seen.size % settleEvery !== 0) continue;
        schedules++;
        const unsettled = attempt(() => {
          settle(world);
        });
        if (unsettled !== undefined) {
          return { states: seen.size, schedules, violation: inWords(step, unsettled) };
        }
      }
    }
    level = next;
  }
  return { states: seen.size, schedules };
}

/** How often an action of these kinds is taken when it is picked: the others are what keeps things going. */
const CHANCE: Partial<Record<ActionKind, number>> = {
  connect: 0.08,
  write: 0.3,
  goodbye: 0.2,
  drop: 0.2,
  crashNode: 0.04,
  crashStore: 0.06,
  cutAtNode: 0.06,
  cutAtStore: 0.06,
  expire: 0.04,
  expireDead: 0.3,
  failCommit: 0.1,
};

function pick(actions: readonly Action[], random: Random): Action {
  for (;;) {
    const action = random.pick(actions);
    const chance = CHANCE[action[0]];
    if (chance === undefined || random.chance(chance)) return action;
  }
}

/** `count` schedules by chance, each of up to `maxSteps` steps and then to rest. */
export function randomWalks(
  rules: Rules,
  size: Size,
  random: Random,
  count: number,
  maxSteps: number,
): Exploration {
  for (let schedule = 1; schedule <= count; schedule++) {
    const world = random.chance(0.5) ? readyWorld(rules, size) : newWorld(rules, size);
    let step: Step | undefined;
    const broken = attempt(() => {
      const steps = random.below(maxSteps);
      for (let i = 0; i < steps; i++) {
        const actions = possible(world);
        if (actions.length === 0) break;
        const action = pick(actions, random);
        step = { from: step, action };
        perform(world, action);
      }
      settle(world);
    });
    if (broken !== undefined)
      return { states: 0, schedules: schedule, violation: inWords(step, broken) };
  }
  return { states: 0, schedules: count };
}
