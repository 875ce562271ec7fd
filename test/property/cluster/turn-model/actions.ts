import { GatewaySide, newGateway } from './gateway-side.ts';
import type { TurnRules } from './rules.ts';
import { newStore, StoreSide } from './store-side.ts';
import { Violation } from '../exploration.ts';
import type { TurnSize, TurnWorld } from './types.ts';

export type TurnActionKind =
  | 'ask'
  | 'handOut'
  | 'acknowledge'
  | 'leave'
  | 'save'
  | 'giveAway'
  | 'toGateway'
  | 'toStore'
  | 'commit'
  | 'crash'
  | 'start'
  | 'fallSilent'
  | 'hearAgain'
  | 'expire'
  | 'expireDead'
  | 'crashStore'
  | 'startStore';

/** What may happen next, and to which gateway or life. */
export type TurnAction = readonly [kind: TurnActionKind, which: number];

export function newTurnWorld(
  rules: TurnRules,
  { gateways, messages, room, budget }: TurnSize,
): TurnWorld {
  const lives = Array.from({ length: gateways }, (_, index) => index + 1);
  return {
    rules,
    messages,
    room,
    gateways: lives.map(newGateway),
    store: newStore(lives),
    acknowledged: new Array<number>(messages).fill(0),
    budget: { ...budget },
    lastLife: gateways,
  };
}

/** Every action that is possible, faults within the budget. */
export function possibleTurns(world: TurnWorld): TurnAction[] {
  const actions: TurnAction[] = [];
  const { budget, gateways, store } = world;
  gateways.forEach((gateway, index) => {
    if (gateway.life === 0) {
      actions.push(['start', index]);
      return;
    }
    const side = new GatewaySide(world, index);
    if (budget.asks > 0 && side.canAsk) actions.push(['ask', index]);
    if (side.canHandOut) actions.push(['handOut', index]);
    if (gateway.inFlight.length > 0) {
      actions.push(['acknowledge', index]);
      if (budget.leaves > 0) actions.push(['leave', index]);
    }
    if (budget.saves > 0) actions.push(['save', index]);
    if (side.canGiveAway) actions.push(['giveAway', index]);
    if (gateway.isSilent) {
      if (store.isUp) actions.push(['hearAgain', index]);
    } else {
      if (gateway.heard.length > 0) actions.push(['toGateway', index]);
      if (store.isUp && gateway.sent < gateway.said.length) actions.push(['toStore', index]);
      if (budget.silences > 0) actions.push(['fallSilent', index]);
    }
    if (budget.crashes > 0) actions.push(['crash', index]);
  });
  if (!store.isUp) return [...actions, ['startStore', 0]];
  if (store.pending.length > 0) actions.push(['commit', 0]);
  if (budget.storeCrashes > 0) actions.push(['crashStore', 0]);
  for (const life of store.disk.lives) {
    if (store.pending.some((item) => item.p === 'death' && item.life === life)) continue;
    const gateway = gateways.find((other) => other.life === life);
    if (gateway === undefined) actions.push(['expireDead', life]);
    else if (gateway.isSilent) actions.push(['expire', life]);
  }
  return actions;
}

export function performTurn(world: TurnWorld, [kind, which]: TurnAction): void {
  const { budget } = world;
  const store = new StoreSide(world);
  const side = new GatewaySide(world, which);
  switch (kind) {
    case 'ask':
      budget.asks--;
      side.ask();
      break;
    case 'handOut':
      side.handOut();
      break;
    case 'acknowledge':
      side.acknowledge();
      break;
    case 'leave':
      budget.leaves--;
      side.leave();
      break;
    case 'save':
      budget.saves--;
      side.save();
      break;
    case 'giveAway':
      side.giveAway();
      break;
    case 'toGateway':
      side.hear(world.gateways[which]!.heard.shift()!);
      break;
    case 'toStore':
      store.receive(which);
      break;
    case 'commit':
      store.commit();
      break;
    case 'crash':
      budget.crashes--;
      side.begin(0);
      break;
    case 'start':
      side.begin(++world.lastLife);
      store.join(world.lastLife);
      break;
    case 'fallSilent':
      budget.silences--;
      side.fallSilent();
      break;
    case 'hearAgain':
      store.hearAgain(which);
      break;
    case 'expire':
    case 'expireDead':
      store.expire(which);
      break;
    case 'crashStore':
      budget.storeCrashes--;
      store.crash();
      break;
    case 'startStore':
      store.start();
  }
}

const MAX_ROUNDS = 600;
const NO_FAULTS = { asks: 0, leaves: 0, saves: 0, crashes: 0, silences: 0, storeCrashes: 0 };
const GOES_ON: readonly TurnActionKind[] = [
  'startStore',
  'start',
  'hearAgain',
  'toGateway',
  'toStore',
  'commit',
  'expireDead',
  'handOut',
  'acknowledge',
  'giveAway',
];

/** No fault any more: every message must be handed out and acknowledged. */
export function settleTurns(world: TurnWorld): void {
  world.budget = { ...NO_FAULTS };
  let asks = 2 * world.gateways.length;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const actions = possibleTurns(world);
    let action: TurnAction | undefined;
    for (const kind of GOES_ON) action ??= actions.find(([other]) => other === kind);
    if (action !== undefined) {
      performTurn(world, action);
      continue;
    }
    const lost = world.acknowledged.indexOf(0);
    if (lost === -1) return;
    // Each of them takes its turn: what one of them has kept for itself must come out too.
    if (asks-- === 0) throw new Violation(`message ${lost} is lost`);
    const index = asks % world.gateways.length;
    const side = new GatewaySide(world, index);
    if (side.canAsk) side.ask();
  }
  throw new Violation('it does not settle');
}
