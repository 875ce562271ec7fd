import { drop, perform, possible, type Action, type ActionKind } from './actions.ts';
import { Violation } from '../exploration.ts';
import type { Budget, World } from './types.ts';

const MAX_ROUNDS = 400;

const GOES_ON: readonly ActionKind[] = [
  'startStore',
  'startNode',
  // What the other end has sent is read before the end of the connection.
  'toStore',
  'toNode',
  'noticeAtNode',
  'noticeAtStore',
  'commit',
  'dial',
  'expireDead',
];

export const NO_BUDGET: Budget = {
  connects: 0,
  writes: 0,
  goodbyes: 0,
  drops: 0,
  nodeCrashes: 0,
  storeCrashes: 0,
  cuts: 0,
  expiries: 0,
  failures: 0,
};

/** No fault any more: everything must come to rest, with every promise kept. */
export function settle(world: World): void {
  world.budget = { ...NO_BUDGET };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const action = next(world);
    if (action !== undefined) perform(world, action);
    else if (!dropForgotten(world)) {
      check(world);
      return;
    }
  }
  throw new Violation('it does not settle');
}

function next(world: World): Action | undefined {
  const actions = possible(world);
  for (const kind of GOES_ON) {
    const action = actions.find(([other]) => other === kind);
    if (action !== undefined) return action;
  }
  return undefined;
}

/** Nodes notice in the end that a client has left; false when none has. */
function dropForgotten(world: World): boolean {
  for (const [slot, node] of world.nodes.entries()) {
    for (const [key, seat] of node.seats.entries()) {
      const client = world.clients[key]!;
      if (seat.connection === 0) continue;
      if (client.slot === slot && client.connection === seat.connection) continue;
      drop(world, key, slot);
      return true;
    }
  }
  return false;
}

function check(world: World): void {
  checkNodes(world);
  const { disk, pending, waiters } = world.store;
  if (pending.length > 0 || waiters.length > 0) throw new Violation('somebody waits for ever');
  if (disk.orphans.length > 0) throw new Violation('orphans are not seen to');
  disk.owners.forEach((owner, key) => {
    const holder = world.nodes.find((node) => node.seats[key]?.claim === 'held')?.life ?? 0;
    if (owner !== holder) throw new Violation(`claim ${key} is of ${owner}, held by ${holder}`);
  });
  world.ghost.connections.forEach((connection, index) => {
    const isOpen = world.clients[connection.key]?.connection === index + 1;
    const isDue = connection.isAccepted && !connection.isDisconnected && !isOpen;
    if (isDue && connection.published === 0) throw new Violation(`will ${index + 1} is never sent`);
  });
}

function checkNodes(world: World): void {
  for (const { life, unsettled, open, requests, seats } of world.nodes) {
    if (unsettled.length > 0 || open.length > 0)
      throw new Violation(`${life} has unsettled writes`);
    if (requests.some(({ request }) => request.r !== 'done')) {
      throw new Violation(`a request of ${life} is never answered`);
    }
    for (const [key, seat] of seats.entries()) {
      if (seat.claim === 'asked') throw new Violation(`${life} never gets claim ${key}`);
      if (seat.connection !== 0 && seat.stage !== 'open') {
        throw new Violation(`connection ${seat.connection} is never accepted`);
      }
    }
  }
}
