import type { Model } from '../exploration.ts';
import { performTurn, possibleTurns, settleTurns, type TurnAction } from './actions.ts';
import type { TurnWorld } from './types.ts';

/** The turns of a shared group. */
export const TURN_MODEL: Model<TurnWorld, TurnAction> = {
  possible: possibleTurns,
  perform: performTurn,
  settle: settleTurns,
  chances: {
    ask: 0.3,
    leave: 0.1,
    save: 0.15,
    crash: 0.03,
    fallSilent: 0.04,
    hearAgain: 0.1,
    expire: 0.3,
    expireDead: 0.3,
    crashStore: 0.05,
  },
};
