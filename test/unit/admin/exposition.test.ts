import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { gatewayExposition } from '../../../src/admin/exposition.ts';
import { metricTable } from '../../../src/admin/metric-table.ts';
import { processMetrics } from '../../../src/admin/process-metrics.ts';
import { distinctSources, namesOf, valuesOf } from './admin-world.ts';

const PAGE = join(import.meta.dirname, '../../../docs/metrics.md');

/** The metrics that the page lists for gateways and for every process. */
function documented(): string[] {
  const sections = readFileSync(PAGE, 'utf8').split(/^## /m);
  const rows = sections
    .filter((section) => /^Metrics of (gateways|the process)/.test(section))
    .flatMap((section) => [
      ...section.matchAll(/^\| `([a-z_0-9]+)` +\| (counter|gauge|histogram)/gm),
    ]);
  return rows.map(([, name]) => name!);
}

describe('Exposition', () => {
  it('gives every metric of the table with type, help and its value', async () => {
    const sources = distinctSources();
    const text = await gatewayExposition(sources, false).render();
    const values = valuesOf(text);
    expect(namesOf(text)).to.deep.equal(metricTable.map(({ name }) => name));
    for (const metric of metricTable) {
      expect(values.get(metric.name), metric.name).to.equal(metric.read(sources));
      expect(text).to.include(`# HELP ${metric.name} ${metric.help}\n`);
      expect(text).to.include(`# TYPE ${metric.name} ${metric.kind}\n`);
    }
  });

  it('reads at the time of each scrape, and not before', async () => {
    const sources = distinctSources();
    const dirtySessions = sinon.stub(sources, 'dirtySessions').returns(1);
    const exposition = gatewayExposition(sources, false);
    expect(dirtySessions.callCount).to.equal(0);
    await exposition.render();
    sources.gateway.messagesReceived = 5_000_000_000;
    const values = valuesOf(await exposition.render());
    expect(values.get('lmqtt_messages_received_total')).to.equal(5_000_000_000);
    expect(dirtySessions.callCount).to.equal(2);
  });

  it('reads once for scrapes at the same time', async () => {
    const sources = distinctSources();
    const dirtySessions = sinon.stub(sources, 'dirtySessions').returns(1);
    const exposition = gatewayExposition(sources, false);
    const [one, two] = await Promise.all([exposition.render(), exposition.render()]);
    expect(one).to.equal(two);
    expect(dirtySessions.callCount).to.equal(1);
  });

  it('goes on after a source that failed', async () => {
    const sources = distinctSources();
    const dirtySessions = sinon.stub(sources, 'dirtySessions').throws(new Error('bug'));
    const exposition = gatewayExposition(sources, false);
    const failure = await exposition.render().catch((error: unknown) => error);
    expect(failure).to.be.an('error').with.property('message', 'bug');
    dirtySessions.resetBehavior();
    dirtySessions.returns(7);
    expect(valuesOf(await exposition.render()).get('lmqtt_sessions_dirty')).to.equal(7);
  });

  it('puts no label on a metric of lmqtt', async () => {
    const text = await gatewayExposition(distinctSources(), true).render();
    expect(text).to.not.match(/^lmqtt_[^ ]*\{/m);
  });

  it('exposes on Linux what docs/metrics.md lists, all of it and nothing else', async function () {
    if (process.platform !== 'linux') this.skip();
    const text = await gatewayExposition(distinctSources(), true).render();
    expect(namesOf(text).sort()).to.deep.equal(documented().sort());
    const listed = [...metricTable, ...processMetrics];
    const types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]),
    );
    for (const { name, kind } of listed) expect(types.get(name), name).to.equal(kind);
  });
});
