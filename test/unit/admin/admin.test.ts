import { expect } from 'chai';
import { type Admin, createAdmin } from '../../../src/admin/admin.ts';
import { systemClock } from '../../../src/common/clock.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import { distinctSources, valuesOf } from './admin-world.ts';

describe('createAdmin', () => {
  let listening: boolean;
  let admin: Admin;
  const { gateway, dirtySessions, namesrvConnections, store } = distinctSources();

  beforeEach(async () => {
    listening = true;
    admin = createAdmin({
      host: '127.0.0.1',
      port: 0,
      exportProcessInfo: false,
      sources: { gateway, dirtySessions, namesrvConnections },
      store: { ...store, onCommit: () => {} },
      isListening: () => listening,
      logger: silentLogger,
      clock: systemClock,
    });
    await admin.start();
  });
  afterEach(() => admin.stop());

  const get = (path: string) => fetch(`http://127.0.0.1:${String(admin.port)}${path}`);

  it('serves the metrics in the text format of Prometheus, process metrics only when asked', async () => {
    const response = await get('/metrics');
    expect(response.status).to.equal(200);
    expect(response.headers.get('content-type')).to.equal(
      'text/plain; version=0.0.4; charset=utf-8',
    );
    const body = await response.text();
    expect(valuesOf(body).get('lmqtt_sessions_dirty')).to.equal(22);
    expect(body).to.not.match(/^(process|nodejs)_/m);
  });

  it('turns /readyz with the gateway, and /healthz not', async () => {
    expect((await get('/readyz')).status).to.equal(200);
    listening = false;
    const response = await get('/readyz');
    expect(response.status).to.equal(503);
    expect(await response.text()).to.equal('not ready\ngateway: not listening\n');
    expect((await get('/healthz')).status).to.equal(200);
  });

  it('counts stalls of the event loop while it runs', async () => {
    const until = performance.now() + 60;
    await new Promise((resolve) => setTimeout(resolve, 20));
    while (performance.now() < until + 20) {
      // hold the event loop
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    const values = valuesOf(await (await get('/metrics')).text());
    expect(values.get('lmqtt_event_loop_stalls_total')).to.be.at.least(1);
    expect(values.get('lmqtt_event_loop_stall_seconds_total')).to.be.within(0.02, 5);
  });

  it('can be stopped twice', async () => {
    await admin.stop();
    await admin.stop();
    const failure = await get('/healthz').catch((error: unknown) => error);
    expect(failure).to.be.an('error');
  });
});
