import { NodeSide, newNode } from './node-side.ts';
import type { Rules } from './rules.ts';
import { StoreSide, newStore } from './store-side.ts';
import type { Budget, Link, World } from './types.ts';

/** What may happen next: its kind and what it happens to. */
export type Action = readonly [kind: ActionKind, a: number, b: number];

export type ActionKind =
  | 'connect'
  | 'write'
  | 'goodbye'
  | 'drop'
  | 'crashNode'
  | 'startNode'
  | 'dial'
  | 'cutAtNode'
  | 'cutAtStore'
  | 'noticeAtNode'
  | 'noticeAtStore'
  | 'toStore'
  | 'toNode'
  | 'commit'
  | 'failCommit'
  | 'crashStore'
  | 'startStore'
  | 'expire'
  | 'expireDead';

export interface Size {
  readonly nodes: number;
  readonly keys: number;
  readonly budget: Budget;
}

export function newWorld(rules: Rules, { nodes, keys, budget }: Size): World {
  return {
    rules,
    nodes: Array.from({ length: nodes }, (_, slot) => newNode(slot + 1, keys)),
    store: newStore(keys),
    links: [],
    clients: Array.from({ length: keys }, () => ({ connection: 0, slot: 0 })),
    ghost: { epochs: new Array<number>(keys).fill(0), connections: [], applied: [], failed: [] },
    budget: { ...budget },
    lastLife: nodes,
  };
}

/** Every action that is possible, faults and clients' doings within the budget. */
export function possible(world: World): Action[] {
  const actions: Action[] = [];
  clientActions(world, actions);
  nodeActions(world, actions);
  world.links.forEach((link, index) => {
    linkActions(world, link, index, actions);
  });
  storeActions(world, actions);
  return actions;
}

function clientActions({ budget, clients, nodes }: World, actions: Action[]): void {
  clients.forEach(({ connection, slot }, key) => {
    if (budget.connects > 0) {
      nodes.forEach(({ life }, to) => {
        if (life !== 0) actions.push(['connect', key, to]);
      });
    }
    const seat = nodes[slot]!.seats[key]!;
    if (connection === 0 || seat.connection !== connection || seat.stage !== 'open') return;
    if (budget.writes > 0) actions.push(['write', key, 0]);
    if (budget.goodbyes > 0) actions.push(['goodbye', key, 0]);
  });
  if (budget.drops === 0) return;
  nodes.forEach(({ seats }, slot) => {
    seats.forEach((seat, key) => {
      if (seat.connection !== 0) actions.push(['drop', key, slot]);
    });
  });
}

function nodeActions(world: World, actions: Action[]): void {
  const { budget } = world;
  world.nodes.forEach((node, slot) => {
    if (node.life === 0) {
      actions.push(['startNode', slot, 0]);
      return;
    }
    if (budget.nodeCrashes > 0) actions.push(['crashNode', slot, 0]);
    if (world.store.isUp && canDial(world, slot)) actions.push(['dial', slot, 0]);
  });
}

/** One connection at a time, and at most one old one that the store has not noticed to be gone. */
function canDial(world: World, slot: number): boolean {
  const links = world.links.filter((link) => link.slot === slot);
  return links.length < 2 && links.every((link) => link.nodeGone);
}

function linkActions({ budget, store }: World, link: Link, index: number, actions: Action[]): void {
  if (link.up.length > 0 && !link.storeGone && store.isUp) actions.push(['toStore', index, 0]);
  if (link.down.length > 0 && !link.nodeGone) actions.push(['toNode', index, 0]);
  if (link.storeGone) actions.push(['noticeAtNode', index, 0]);
  else if (link.nodeGone) actions.push(['noticeAtStore', index, 0]);
  else if (budget.cuts > 0) {
    actions.push(['cutAtNode', index, 0]);
    actions.push(['cutAtStore', index, 0]);
  }
}

function storeActions({ budget, nodes, store }: World, actions: Action[]): void {
  if (!store.isUp) {
    actions.push(['startStore', 0, 0]);
    return;
  }
  if (store.pending.length > 0) {
    actions.push(['commit', 0, 0]);
    if (budget.failures > 0) actions.push(['failCommit', 0, 0]);
  }
  if (budget.storeCrashes > 0) actions.push(['crashStore', 0, 0]);
  for (const { life } of store.disk.nodes) {
    if (store.pending.some((item) => item.p === 'leave' && item.life === life)) continue;
    if (nodes.every((node) => node.life !== life)) actions.push(['expireDead', life, 0]);
    else if (budget.expiries > 0) actions.push(['expire', life, 0]);
  }
}

export function perform(world: World, [kind, a, b]: Action): void {
  const { budget } = world;
  const store = new StoreSide(world);
  switch (kind) {
    case 'connect':
      budget.connects--;
      connect(world, a, b);
      break;
    case 'write':
      budget.writes--;
      new NodeSide(world, world.clients[a]!.slot).write(a);
      break;
    case 'goodbye':
      budget.goodbyes--;
      goodbye(world, a);
      break;
    case 'drop':
      budget.drops--;
      drop(world, a, b);
      break;
    case 'crashNode':
      budget.nodeCrashes--;
      new NodeSide(world, a).end(0);
      break;
    case 'startNode':
      new NodeSide(world, a).start();
      break;
    case 'dial':
      new NodeSide(world, a).dial();
      break;
    case 'cutAtNode':
    case 'noticeAtNode':
      if (kind === 'cutAtNode') budget.cuts--;
      new NodeSide(world, world.links[a]!.slot).cut();
      break;
    case 'cutAtStore':
    case 'noticeAtStore':
      if (kind === 'cutAtStore') budget.cuts--;
      store.cut(world.links[a]!);
      break;
    case 'toStore': {
      const link = world.links[a]!;
      store.receive(link, link.up.shift()!);
      break;
    }
    case 'toNode': {
      const link = world.links[a]!;
      new NodeSide(world, link.slot).receive(link.down.shift()!);
      break;
    }
    case 'commit':
      store.commit();
      break;
    case 'failCommit':
      budget.failures--;
      store.failCommit();
      break;
    case 'crashStore':
      budget.storeCrashes--;
      store.crash();
      break;
    case 'startStore':
      store.start();
      break;
    case 'expire':
    case 'expireDead':
      if (kind === 'expire') budget.expiries--;
      store.expire(a);
  }
  world.links = world.links.filter((link) => !link.nodeGone || !link.storeGone);
}

function connect(world: World, key: number, slot: number): void {
  world.ghost.connections.push({
    key,
    isAccepted: false,
    isDisconnected: false,
    isCleared: false,
    published: 0,
  });
  const connection = world.ghost.connections.length;
  world.clients[key] = { connection, slot };
  new NodeSide(world, slot).connect(key, connection);
}

function goodbye(world: World, key: number): void {
  const client = world.clients[key]!;
  world.ghost.connections[client.connection - 1]!.isDisconnected = true;
  client.connection = 0;
  new NodeSide(world, client.slot).leave(key, false);
}

/** The node finds that the connection of a client has gone. */
export function drop(world: World, key: number, slot: number): void {
  const { connection } = world.nodes[slot]!.seats[key]!;
  const client = world.clients[key]!;
  if (client.connection === connection) client.connection = 0;
  new NodeSide(world, slot).leave(key, true);
}
