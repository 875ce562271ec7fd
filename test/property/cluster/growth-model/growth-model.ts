import { type Model, Violation } from '../exploration.ts';
import { GatewaySide, newGateway } from './gateway-side.ts';
import { inWords, isSame, ReaderSide } from './reader-side.ts';
import type { GrowthRules } from './rules.ts';
import {
  type GrowthSize,
  type GrowthStore,
  type GrowthWorld,
  NEW,
  NOWHERE,
  OLD,
  type StoreIndex,
  STORES,
} from './types.ts';

export type GrowthActionKind =
  | 'addStore'
  | 'hear'
  | 'prepare'
  | 'switch'
  | 'tell'
  | 'publish'
  | 'land'
  | 'arrive'
  | 'ask'
  | 'take'
  | 'handOut'
  | 'save'
  | 'send'
  | 'connect'
  | 'leave'
  | 'move'
  | 'crash'
  | 'crashLate'
  | 'start'
  | 'startStale'
  | 'crashStore'
  | 'startStore';

/** What may happen next, and to which gateway, member, publisher or store. */
export type GrowthAction = readonly [kind: GrowthActionKind, ...which: number[]];

export function newGrowthWorld(rules: GrowthRules, size: GrowthSize): GrowthWorld {
  const {
    gateways,
    publishers,
    messages,
    members,
    isAway = false,
    isLate = false,
    isExact = false,
  } = size;
  const world: GrowthWorld = {
    rules,
    isExact,
    isShared: members > 1,
    messages,
    table: 0,
    added: 0,
    stores: [newStore(!isLate), newStore(false)],
    gateways: Array.from({ length: gateways }, () => newGateway(0)),
    publishers: Array.from({ length: publishers }, (_, i) => ({
      at: i % gateways,
      sent: 0,
      isAhead: false,
      unacknowledged: [],
    })),
    reader: {
      members: Array.from({ length: members }, () => NOWHERE),
      turn: [NOWHERE, NOWHERE],
      offset: [0, 0],
      durable: [0, 0],
      isSubscribed: !isLate,
      flights: [],
      received: Array.from({ length: members }, () => []),
    },
    acknowledged: [],
    countsFrom: Array.from({ length: publishers }, () => 1),
    budget: { ...size.budget },
  };
  const side = new ReaderSide(world);
  for (let i = 0; i < members && !isAway && !isLate; i++) side.connect(i, i % gateways);
  return world;
}

function newStore(isRegistered: boolean): GrowthStore {
  return { isUp: true, queue: [], isRegistered, isRequired: false, isAnnounced: false };
}

/** The steps of `addStore`; true: it may be done now. */
const STEPS: readonly {
  may(world: GrowthWorld): boolean;
  run(world: GrowthWorld): void;
}[] = [
  { may: () => true, run: (world) => (world.table = 1) },
  { may: haveAllPrepared, run: () => undefined },
  { may: areStoresUp, run: require },
  { may: haveAllPrepared, run: () => undefined },
  {
    may: areStoresUp,
    run: ({ rules, stores }) => {
      if (rules.copiesFilters && stores[OLD].isRegistered) stores[NEW].isRegistered = true;
    },
  },
  { may: () => true, run: (world) => (world.table = 2) },
];

function haveAllPrepared({ rules, gateways }: GrowthWorld): boolean {
  return !rules.waitsForAll || gateways.every(({ isUp, isPrepared }) => !isUp || isPrepared);
}

function areStoresUp({ stores }: GrowthWorld): boolean {
  return stores.every(({ isUp }) => isUp);
}

function require({ rules, stores }: GrowthWorld): void {
  if (rules.requiresGeneration) for (const store of stores) store.isRequired = true;
}

function possible(world: GrowthWorld): GrowthAction[] {
  const { budget, gateways, stores } = world;
  const actions: GrowthAction[] = [...ofReader(world)];
  if (STEPS[world.added]?.may(world) === true) actions.push(['addStore']);
  gateways.forEach(({ isUp }, index) => {
    const side = new GatewaySide(world, index);
    if (side.canHear()) actions.push(['hear', index]);
    if (side.canPrepare()) actions.push(['prepare', index]);
    if (side.canSwitch()) actions.push(['switch', index]);
    if (side.canTell()) actions.push(['tell', index]);
    world.publishers.forEach((publisher, of) => {
      if (side.canPublish(publisher)) actions.push(['publish', index, of]);
      const mayMove = publisher.at === NOWHERE || budget.moves > 0;
      if (mayMove && side.canTakeIn(publisher)) actions.push(['move', of, index]);
    });
    for (const store of STORES) {
      if (side.canLand(store)) actions.push(['land', index, store]);
      if (side.canHearOf(store)) actions.push(['arrive', index, store]);
    }
    if (side.canStart(false)) actions.push(['start', index]);
    if (side.canStart(true)) actions.push(['startStale', index]);
    if (isUp && budget.crashes > 0) {
      actions.push(['crash', index]);
      if (stores.every((store) => store.isUp)) actions.push(['crashLate', index]);
    }
  });
  for (const store of STORES) {
    if (!stores[store].isUp) actions.push(['startStore', store]);
    else if (budget.storeCrashes > 0) actions.push(['crashStore', store]);
  }
  return actions;
}

function* ofReader(world: GrowthWorld): Generator<GrowthAction> {
  const side = new ReaderSide(world);
  const { reader, gateways, budget } = world;
  for (const store of STORES) if (side.canSave(store)) yield ['save', store];
  for (const [member, at] of reader.members.entries()) {
    if (side.canSend(member)) yield ['send', member];
    for (const store of STORES)
      if (side.canHandOut(store, member)) yield ['handOut', store, member];
    if (at !== NOWHERE && budget.leaves > 0) yield ['leave', member];
    if (at !== NOWHERE) continue;
    for (const index of gateways.keys())
      if (side.canConnect(index)) yield ['connect', member, index];
  }
  for (const index of gateways.keys()) {
    if (side.canAsk(index)) yield ['ask', index];
    for (const store of STORES) if (side.wantsTurn(store, index)) yield ['take', store, index];
  }
}

function perform(world: GrowthWorld, [kind, first = 0, second = 0]: GrowthAction): void {
  const { budget, stores } = world;
  const gateway = new GatewaySide(world, kind === 'move' ? second : first);
  const reader = new ReaderSide(world);
  switch (kind) {
    case 'addStore':
      STEPS[world.added++]!.run(world);
      break;
    case 'hear':
      gateway.hear();
      break;
    case 'prepare':
      gateway.prepare();
      break;
    case 'switch':
      gateway.switch();
      break;
    case 'tell':
      gateway.tell();
      break;
    case 'publish':
      gateway.publish(second);
      break;
    case 'land':
      gateway.land(second as StoreIndex);
      break;
    case 'arrive':
      gateway.hearOf(second as StoreIndex);
      break;
    case 'move':
      if (world.publishers[first]!.at !== NOWHERE) budget.moves--;
      gateway.takeIn(first);
      break;
    case 'crash':
    case 'crashLate':
      budget.crashes--;
      gateway.crash(kind === 'crashLate');
      break;
    case 'start':
      gateway.start(false);
      break;
    case 'startStale':
      budget.staleStarts--;
      gateway.start(true);
      break;
    case 'crashStore':
      budget.storeCrashes--;
      stores[first]!.isUp = false;
      if (!world.rules.requiredOnDisk) stores[first]!.isRequired = false;
      break;
    case 'startStore':
      stores[first]!.isUp = true;
      break;
    case 'leave':
      budget.leaves--;
      reader.disconnect(first, false);
      break;
    default:
      performOfReader(reader, kind, first, second);
  }
}

function performOfReader(
  reader: ReaderSide,
  kind: 'ask' | 'take' | 'handOut' | 'save' | 'send' | 'connect',
  first: number,
  second: number,
): void {
  switch (kind) {
    case 'ask':
      reader.ask(first);
      break;
    case 'take':
      reader.take(first as StoreIndex, second);
      break;
    case 'handOut':
      reader.handOut(first as StoreIndex, second);
      break;
    case 'save':
      reader.save(first as StoreIndex);
      break;
    case 'send':
      reader.send(first);
      break;
    case 'connect':
      reader.connect(first, second);
  }
}

const MAX_ROUNDS = 600;
/** What comes to an end by itself; the turn last, as somebody may have it for a while. */
const LATER: ReadonlySet<GrowthActionKind> = new Set(['publish', 'take', 'startStale']);

/** No fault any more: the store is added, and all that was acknowledged is delivered. */
function settle(world: GrowthWorld): void {
  world.budget = { moves: 0, leaves: 0, crashes: 0, storeCrashes: 0, staleStarts: 0 };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const actions = possible(world);
    const action =
      actions.find(([kind]) => !LATER.has(kind)) ?? actions.find(([kind]) => kind === 'take');
    if (action === undefined) {
      checkRest(world);
      return;
    }
    perform(world, action);
  }
  throw new Violation('it does not settle');
}

function checkRest({ acknowledged, countsFrom, reader, gateways, table }: GrowthWorld): void {
  if (table !== 2 || gateways.some(({ isSwitched }) => !isSwitched)) {
    throw new Violation('the store is not added');
  }
  const received = reader.received.flat();
  const lost = acknowledged.find(
    (message) =>
      message.number >= countsFrom[message.of]! &&
      !received.some((other) => isSame(other, message)),
  );
  if (lost !== undefined) throw new Violation(`message ${inWords(lost)} is lost`);
}

/** A store is added while messages of a topic that moves to it are published and read. */
export const GROWTH_MODEL: Model<GrowthWorld, GrowthAction> = {
  possible,
  perform,
  settle,
  chances: {
    connect: 0.1,
    move: 0.3,
    leave: 0.1,
    crash: 0.05,
    crashLate: 0.1,
    crashStore: 0.05,
    startStale: 0.5,
    hear: 0.3,
    prepare: 0.5,
    switch: 0.3,
  },
};
