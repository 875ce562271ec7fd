import { expect } from 'chai';
import { endpoints, routesOf } from '../../../src/admin/routes.ts';

const exposition = { contentType: 'text/x', render: () => Promise.resolve('a 1\n') };

describe('routesOf', () => {
  it('serves the paths that are documented and no others', () => {
    const routes = routesOf(exposition, { problems: () => [] });
    expect([...routes.keys()].sort()).to.deep.equal(endpoints.flatMap(({ paths }) => paths).sort());
  });

  it('serves the metrics with their content type', async () => {
    const routes = routesOf(exposition, { problems: () => [] });
    for (const path of ['/metrics', '/']) {
      expect(await routes.get(path)?.()).to.deep.equal({
        status: 200,
        contentType: 'text/x',
        body: 'a 1\n',
      });
    }
  });

  it('says why it is not ready, with 503, and is healthy all the same', async () => {
    const problems: string[] = [];
    const routes = routesOf(exposition, { problems: () => problems });
    expect(await routes.get('/readyz')?.()).to.include({ status: 200, body: 'ready\n' });
    problems.push('one', 'two');
    expect(await routes.get('/readyz')?.()).to.include({
      status: 503,
      body: 'not ready\none\ntwo\n',
    });
    for (const path of ['/healthz', '/-/healthy']) {
      expect(await routes.get(path)?.()).to.include({ status: 200, body: 'healthy\n' });
    }
  });
});
