import { expect } from 'chai';
import { type Admin } from '../../../src/admin/admin.ts';
import { createNamesrvAdmin, createStoreNodeAdmin } from '../../../src/admin/node-admin.ts';
import { namesrvNodeMetrics, storeNodeMetrics } from '../../../src/admin/node-metrics.ts';
import { systemClock } from '../../../src/common/clock.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import type { StoreServerStats } from '../../../src/lmq/server/store-server-stats.ts';
import type { NamesrvStats } from '../../../src/namesrv/server/namesrv-stats.ts';
import { distinctSources, namesOf, STORE_STATS, valuesOf } from './admin-world.ts';

const SERVER_STATS: StoreServerStats = {
  nodes: 201,
  attachedNodes: 202,
  claims: 203,
  orphans: 204,
  openQueues: 205,
  batches: 206,
  records: 207,
  nodesFenced: 208,
  leasesExpired: 209,
  hellosRefused: 210,
  callsRefused: 211,
  arrivalsBehind: 212,
  protocolErrors: 213,
};
const NAMESRV_STATS: NamesrvStats = {
  stores: 301,
  gateways: 302,
  kvEntries: 303,
  watches: 304,
  connections: 305,
  callsRefused: 306,
};
const HTTP = {
  host: '127.0.0.1',
  port: 0,
  exportProcessInfo: false,
  logger: silentLogger,
  clock: systemClock,
};

describe('metrics of the roles lmq and namesrv', () => {
  let admin: Admin | undefined;
  afterEach(() => admin?.stop());

  const get = (path: string) => fetch(`http://127.0.0.1:${String(admin?.port)}${path}`);

  it('follow the rules of names', () => {
    for (const table of [storeNodeMetrics, namesrvNodeMetrics]) {
      const names = table.map(({ name }) => name);
      expect(new Set(names).size).to.equal(names.length);
      for (const { name, kind, unit, help } of table) {
        expect(name).to.match(/^lmqtt_[a-z0-9]+(_[a-z0-9]+)*$/);
        expect(name.endsWith('_total'), name).to.equal(kind === 'counter');
        expect(unit, name).not.to.equal('');
        expect(help, name).to.match(/^[A-Z0-9].*\.$/);
      }
    }
  });

  it('tell every figure of store and store server once, as of the scrape', async () => {
    const { store } = distinctSources();
    let stats = SERVER_STATS;
    const server = {
      get stats() {
        return stats;
      },
    };
    admin = createStoreNodeAdmin({ ...HTTP, store, server });
    await admin.start();
    const text = await (await get('/metrics')).text();
    expect(namesOf(text)).to.deep.equal(storeNodeMetrics.map(({ name }) => name));
    expect([...valuesOf(text).values()]).to.include.members([
      ...numbersOf(STORE_STATS),
      ...numbersOf(SERVER_STATS),
    ]);
    stats = { ...SERVER_STATS, leasesExpired: 999 };
    const later = valuesOf(await (await get('/metrics')).text());
    expect(later.get('lmqtt_store_leases_expired_total')).to.equal(999);
    expect((await get('/readyz')).status).to.equal(200);
    expect((await get('/healthz')).status).to.equal(200);
  });

  it('tell every figure of the name server once', async () => {
    admin = createNamesrvAdmin({ ...HTTP, namesrv: { stats: NAMESRV_STATS } });
    await admin.start();
    const text = await (await get('/metrics')).text();
    expect(namesOf(text)).to.deep.equal(namesrvNodeMetrics.map(({ name }) => name));
    expect([...valuesOf(text).values()]).to.include.members(numbersOf(NAMESRV_STATS));
    expect(valuesOf(text).get('lmqtt_namesrv_kv_entries')).to.equal(303);
    expect((await get('/readyz')).status).to.equal(200);
  });
});

function numbersOf(stats: object): number[] {
  return Object.values(stats) as number[];
}
