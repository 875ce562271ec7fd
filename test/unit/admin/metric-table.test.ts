import { expect } from 'chai';
import { metricTable } from '../../../src/admin/metric-table.ts';
import { GatewayStats } from '../../../src/gateway/gateway-stats.ts';
import { distinctSources, STORE_STATS } from './admin-world.ts';

describe('metricTable', () => {
  it('names metrics as Prometheus does', () => {
    for (const { name, kind, unit } of metricTable) {
      expect(name).to.match(/^lmqtt_[a-z0-9]+(_[a-z0-9]+)*$/);
      expect(name.endsWith('_total'), name).to.equal(kind === 'counter');
      if (unit === 'bytes') expect(name).to.match(/_bytes(_total)?$/);
      if (unit === 'seconds') expect(name).to.match(/_seconds(_total)?$/);
    }
  });

  it('gives every metric a name of its own, a unit and a sentence', () => {
    const names = metricTable.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    for (const { name, unit, help } of metricTable) {
      expect(unit, name).to.not.equal('');
      expect(help, name).to.match(/^[A-Z0-9].*\.$/);
    }
  });

  it('reads every counter of the gateway and of the store exactly once', () => {
    const sources = distinctSources();
    const read = metricTable.map((metric) => metric.read(sources));
    expect(new Set(read).size, 'two metrics read the same').to.equal(read.length);
    expect(read).to.include.members(Object.values(sources.gateway));
    expect(read).to.include.members(Object.values(STORE_STATS));
    expect(read).to.include.members([21, 1, 22, 23, 24, 25.5]);
    const others = 2 + 1 + 3;
    expect(read).to.have.length(
      Object.keys(new GatewayStats()).length + Object.keys(STORE_STATS).length + others,
    );
  });

  it('says 0 when the store does not take writes', () => {
    const sources = distinctSources();
    const writable = metricTable.find(({ name }) => name === 'lmqtt_store_writable')!;
    expect(writable.read({ ...sources, store: { ...sources.store, writable: false } })).to.equal(0);
  });
});
