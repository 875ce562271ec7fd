import type { Random } from '../../../helpers/random.ts';
import {
  newTurnWorld,
  performTurn,
  possibleTurns,
  settleTurns,
  type TurnAction,
  type TurnActionKind,
} from './actions.ts';
import type { TurnRules } from './rules.ts';
import { type TurnSize, TurnViolation, type TurnWorld } from './types.ts';

export interface TurnExploration {
  readonly states: number;
  /** The schedule that breaks a promise, in words; the promise last. */
  readonly violation?: readonly string[];
}

/** How often an action of these kinds is taken when it is picked: the others are what keeps things going. */
const CHANCE: Partial<Record<TurnActionKind, number>> = {
  ask: 0.3,
  leave: 0.1,
  save: 0.15,
  crash: 0.03,
  expire: 0.03,
  expireDead: 0.3,
  crashStore: 0.05,
};

/** What an action breaks, or undefined. */
function attempt(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof TurnViolation) return error.message;
    throw error;
  }
}

function pack(world: TurnWorld): string {
  return JSON.stringify(world, (name: string, value: unknown): unknown =>
    name === 'rules' ? undefined : value,
  );
}

function unpack(text: string, rules: TurnRules): TurnWorld {
  return { ...(JSON.parse(text) as Omit<TurnWorld, 'rules'>), rules };
}

/** Every state that can be reached, nearest first; one in `settleEvery` is followed until everything has come to rest. */
export function everyTurn(
  rules: TurnRules,
  size: TurnSize,
  settleEvery: number,
  maxStates: number,
): TurnExploration {
  const first = pack(newTurnWorld(rules, size));
  const seen = new Set([first]);
  let level = [first];
  while (level.length > 0) {
    const next: string[] = [];
    for (const text of level) {
      for (const action of possibleTurns(unpack(text, rules))) {
        const world = unpack(text, rules);
        const broken = attempt(() => {
          performTurn(world, action);
        });
        if (broken !== undefined) {
          return { states: seen.size, violation: [text, action.join(' '), broken] };
        }
        const reached = pack(world);
        if (seen.has(reached)) continue;
        seen.add(reached);
        next.push(reached);
        if (seen.size > maxStates) throw new Error(`more than ${maxStates} states`);
        if (seen.size % settleEvery !== 0) continue;
        const unsettled = attempt(() => {
          settleTurns(world);
        });
        if (unsettled !== undefined) {
          return { states: seen.size, violation: [reached, unsettled] };
        }
      }
    }
    level = next;
  }
  return { states: seen.size };
}

/** `count` schedules by chance, each of up to `maxSteps` steps and then to rest. */
export function turnsByChance(
  rules: TurnRules,
  size: TurnSize,
  random: Random,
  count: number,
  maxSteps: number,
): TurnExploration {
  for (let schedule = 0; schedule < count; schedule++) {
    const world = newTurnWorld(rules, size);
    const done: TurnAction[] = [];
    const broken = attempt(() => {
      for (let left = random.below(maxSteps); left > 0; left--) {
        const actions = possibleTurns(world);
        const action = actions.length === 0 ? undefined : random.pick(actions);
        if (action === undefined) break;
        const chance = CHANCE[action[0]];
        if (chance !== undefined && !random.chance(chance)) continue;
        done.push(action);
        performTurn(world, action);
      }
      settleTurns(world);
    });
    if (broken !== undefined) {
      return { states: 0, violation: [...done.map((action) => action.join(' ')), broken] };
    }
  }
  return { states: 0 };
}
