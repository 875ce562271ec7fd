import { setTimeout } from 'node:timers/promises';
import type { StoreTable } from '../../src/common/store-table.ts';
import { createMemoryStore } from '../../src/lmq/memory/memory-store.ts';
import type { LmqStore } from '../../src/lmq/spi/lmq-store.ts';
import { eventually } from '../helpers/eventually.ts';
import { EmbeddedWorld } from '../unit/lmq/embedded/embedded-world.ts';
import { inTable, RoutedWorld } from '../unit/lmq/routed/routed-world.ts';
import { publish } from './lmq-store/harness.ts';
import { lmqStoreSuite, type Capabilities } from './lmq-store.suite.ts';

/** Short, so that the figures of the stores, which come with the heartbeats, are fresh. */
const LEASE_MS = 300;
const MAX_LOG_BYTES = 8 << 20;

const ONE: StoreTable = { stores: [inTable('first')], active: 1 };
/** What the tests publish is spread: `t` and `a/…` lie in the second one. */
const TWO: StoreTable = { stores: [inTable('first'), inTable('second', 1, 't', 'a')], active: 1 };

/** One commit or one number for all, and what is asked of one of several stores: `member` (docs/adr/0501). */
const OF_ONE_STORE: readonly string[] = [
  'are numbered from 1, in order, and reported once each',
  'hold everything that one turn writes',
  'brings a P2P topic to its peer only, whatever its first level',
  'each get every record that matches, in the order of publishing',
  'that begin with a wildcard get no record of a $ topic [MQTT-4.7.2-1]',
  'keeps spaces apart, and takes any key and an empty value',
];
const REOPENED = 'keeps records, bounds and ids, and goes on behind them';

for (const table of [ONE, TWO]) {
  const excluded = table === TWO ? OF_ONE_STORE : [];
  const reopened = table === TWO ? [...OF_ONE_STORE, REOPENED] : [];
  const count = table === TWO ? 'two' : 'one';
  inMemory(`${count} of several, in memory`, table, { persists: false, isRemote: true, excluded });
  embedded(`${count} of several, embedded`, table, {
    persists: true,
    isRemote: true,
    excluded: reopened,
  });
}

function inMemory(name: string, table: StoreTable, capabilities: Capabilities): void {
  lmqStoreSuite(
    name,
    async (options) => {
      let isFailing = false;
      const world = new RoutedWorld({ leaseMs: LEASE_MS });
      const members: LmqStore[] = [];
      for (const { name: member } of table.stores) {
        const memory = createMemoryStore({
          maxLogBytes: MAX_LOG_BYTES,
          fault: () => (isFailing ? new Error('test') : undefined),
        });
        members.push(memory);
        await world.serve(member, memory);
      }
      const store = await world.attach(table, options);
      return {
        store,
        now: () => Date.now(),
        failCommits: () => {
          isFailing = true;
        },
        expireAll: async () => {
          for (let i = 0; i < 2; i++) {
            for (const lane of members.keys()) {
              const member = store.member(lane);
              const filler = publish(member, 'filler', Buffer.alloc(MAX_LOG_BYTES - 1_000));
              await member.committed(filler);
            }
          }
          await toldExpiry(store, members);
        },
        freshFigures,
        dispose: () => world.dispose(),
      };
    },
    capabilities,
  );
}

function embedded(name: string, table: StoreTable, capabilities: Capabilities): void {
  lmqStoreSuite(
    name,
    async (options) => {
      const stores = new Map(table.stores.map((member) => [member.name, new EmbeddedWorld()]));
      const [clock] = Array.from(stores.values(), (store) => store.clock);
      const now = (): number => clock?.now() ?? 0;
      const world = new RoutedWorld({ now, leaseMs: LEASE_MS });
      for (const [member, store] of stores) await world.serve(member, await store.start());
      let store = await world.attach(table, options);
      return {
        store,
        now,
        reopen: async () => {
          await store.stop();
          for (const [member, one] of stores) {
            await world.world(member).server.stop();
            await world.serve(member, await one.reopen());
          }
          store = await world.attach(table, options);
          return store;
        },
        failCommits: () => {
          for (const one of stores.values()) one.failWrites();
        },
        expireAll: async () => {
          for (const lane of table.stores.keys()) {
            const member = store.member(lane);
            await member.committed(member.openCommit);
          }
          for (const one of stores.values()) await one.expireAll();
          await toldExpiry(
            store,
            Array.from(stores.values(), (one) => one.store),
          );
          // where queues begin may have been found after the figures of that heartbeat
          await freshFigures();
        },
        freshFigures,
        dispose: async () => {
          await world.dispose();
          for (const one of stores.values()) await one.dispose();
        },
      };
    },
    capabilities,
  );
}

/** Until the node knows what has gone. */
async function toldExpiry(store: LmqStore, members: readonly LmqStore[]): Promise<void> {
  const expired = members.reduce((sum, { stats }) => sum + stats.recordsExpired, 0);
  await eventually('the node to be told', () => store.stats.recordsExpired >= expired, 15_000);
}

/** Two heartbeats: the first answer may have been under way. */
function freshFigures(): Promise<void> {
  return setTimeout(LEASE_MS);
}
