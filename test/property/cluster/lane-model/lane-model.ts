import { type Model, Violation } from '../exploration.ts';
import { expireAtHome, expireBeside, land, LaneSide, newGateway } from './lane-side.ts';
import type { LaneRules } from './rules.ts';
import type { LaneBudget, LaneWorld, Life } from './types.ts';

export type LaneActionKind =
  | 'connect'
  | 'grant'
  | 'read'
  | 'deliver'
  | 'revoke'
  | 'release'
  | 'land'
  | 'crash'
  | 'start'
  | 'fallSilent'
  | 'hearAgain'
  | 'expireAtHome'
  | 'expireBeside'
  | 'loseBeside'
  | 'fencedBeside';

/** What may happen next, and to which gateway or life. */
export type LaneAction = readonly [kind: LaneActionKind, which: number];

export function newLaneWorld(rules: LaneRules, gateways: number, budget: LaneBudget): LaneWorld {
  const lives = Array.from({ length: gateways }, (_, index) => index + 1);
  return {
    rules,
    gateways: lives.map(newGateway),
    home: { lives: [...lives], owner: 0, epoch: 0, waiters: [] },
    beside: { lives: [...lives], owner: 0, readBy: 0 },
    underWay: [],
    budget: { ...budget },
    lastLife: gateways,
  };
}

function possible(world: LaneWorld): LaneAction[] {
  const { budget, gateways, underWay } = world;
  const actions: LaneAction[] = [];
  gateways.forEach(({ life, isSilent, stage }, index) => {
    if (life === 0) {
      actions.push(['start', index]);
      return;
    }
    const side = new LaneSide(world, index);
    if (budget.connects > 0 && side.canConnect) actions.push(['connect', index]);
    if (side.canBeGranted) actions.push(['grant', index]);
    if (side.canRead) actions.push(['read', index]);
    if (stage === 'open' && budget.deliveries > 0) actions.push(['deliver', index]);
    if (side.canBeAsked) actions.push(['revoke', index]);
    if (side.canRelease) actions.push(['release', index]);
    if (budget.crashes > 0) actions.push(['crash', index]);
    if (isSilent) actions.push(['hearAgain', index]);
    else if (budget.silences > 0) actions.push(['fallSilent', index]);
    if (!side.livesBeside) actions.push(['fencedBeside', index]);
    else if (budget.silences > 0) actions.push(['loseBeside', index]);
  });
  for (const life of new Set(underWay.map((save) => save.life))) actions.push(['land', life]);
  return [...actions, ...deaths(world)];
}

function* deaths({ rules, gateways, home, beside, underWay }: LaneWorld): Generator<LaneAction> {
  const isGone = (life: Life): boolean => gateways.every((gateway) => gateway.life !== life);
  for (const life of home.lives) {
    const isSilent = gateways.some((gateway) => gateway.life === life && gateway.isSilent);
    const isLate = underWay.some((save) => save.life === life);
    if (!isGone(life) && !isSilent) continue;
    if (!isLate || !rules.landsInTime) yield ['expireAtHome', life];
  }
  for (const life of beside.lives) if (isGone(life)) yield ['expireBeside', life];
}

function perform(world: LaneWorld, [kind, which]: LaneAction): void {
  const { budget } = world;
  const side = new LaneSide(world, which);
  switch (kind) {
    case 'connect':
      budget.connects--;
      side.connect();
      break;
    case 'grant':
      side.granted();
      break;
    case 'read':
      side.read();
      break;
    case 'deliver':
      budget.deliveries--;
      side.deliver();
      break;
    case 'revoke':
      side.close();
      break;
    case 'release':
      side.release();
      break;
    case 'land':
      land(world, which);
      break;
    case 'crash':
      budget.crashes--;
      side.begin(0);
      break;
    case 'start':
      side.begin(++world.lastLife);
      break;
    case 'fallSilent':
      budget.silences--;
      side.fallSilent();
      break;
    case 'hearAgain':
      side.hearAgain();
      break;
    case 'expireAtHome':
      expireAtHome(world, which);
      break;
    case 'expireBeside':
      expireBeside(world, which);
      break;
    case 'loseBeside':
      budget.silences--;
      expireBeside(world, side.life);
      break;
    case 'fencedBeside':
      side.begin(++world.lastLife);
  }
}

const MAX_ROUNDS = 300;

/** No fault any more: whoever wants the session gets it. */
function settle(world: LaneWorld): void {
  world.budget = { connects: 0, deliveries: 0, crashes: 0, silences: 0 };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    // Silence ends before it kills anybody.
    const actions = possible(world);
    const action = actions.find(([kind]) => kind === 'hearAgain') ?? actions[0];
    if (action === undefined) {
      if (world.gateways.every(({ stage }) => stage === 'none' || stage === 'open')) return;
      throw new Violation('somebody waits for ever');
    }
    perform(world, action);
  }
  throw new Violation('it does not settle');
}

/** A session whose home is one store, with messages of another one. */
export const LANE_MODEL: Model<LaneWorld, LaneAction> = {
  possible,
  perform,
  settle,
  chances: { connect: 0.3, crash: 0.1, fallSilent: 0.1, loseBeside: 0.1, hearAgain: 0.3 },
};
