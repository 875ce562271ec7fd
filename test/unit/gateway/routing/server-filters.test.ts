import { expect } from 'chai';
import { ServerFilters } from '../../../../src/gateway/routing/server-filters.ts';
import { FakeFilters } from './topic-metadata-fixtures.ts';

describe('gateway: ServerFilters', () => {
  it('are the wildcard filters of the server topics', () => {
    expect(ServerFilters.includes('$SYS/#')).to.equal(true);
    expect(ServerFilters.includes('$events/+')).to.equal(true);
    for (const filter of ['$SYS/broker/uptime', '#', 'a/#', '$x/#']) {
      expect(ServerFilters.includes(filter), filter).to.equal(false);
    }
  });

  it('are limited in number, not in uses', () => {
    const filters = new ServerFilters(2);
    for (const filter of ['$SYS/#', '$events/#', '$SYS/#']) {
      expect(filters.hasRoomFor(filter)).to.equal(true);
      filters.use(filter);
    }
    expect(filters.hasRoomFor('$SYS/+')).to.equal(false);
    expect(filters.hasRoomFor('$SYS/#')).to.equal(true);
    filters.unuse('$SYS/#');
    expect(filters.hasRoomFor('$SYS/+')).to.equal(false);
    filters.unuse('$SYS/#');
    expect(filters.hasRoomFor('$SYS/+')).to.equal(true);
  });

  it('count what persistent sessions use from the start', async () => {
    const table = new FakeFilters();
    for (const filter of ['$SYS/#', '$SYS/#', 'a/#']) await table.acquireFilter(filter);
    const filters = new ServerFilters(1);
    filters.start(table);
    expect(filters.hasRoomFor('$events/#')).to.equal(false);
    filters.unuse('$SYS/#');
    filters.unuse('$SYS/#');
    expect(filters.hasRoomFor('$events/#')).to.equal(true);
  });
});
