import { expect } from 'chai';
import { BARS, judgeBars } from '../../../benchmark/bars.ts';
import { SCENARIOS } from '../../../benchmark/scenarios.ts';
import { outcome } from './outcomes.ts';
import type { BarResult } from '../../../benchmark/bars.ts';

function find(results: readonly BarResult[], scenario: string, what: string): BarResult {
  const [found, ...more] = results.filter((x) => x.scenario === scenario && x.what === what);
  if (found === undefined || more.length > 0) throw new Error(`${scenario} ${what}`);
  return found;
}

describe('benchmark bars', () => {
  it('names scenarios that exist', () => {
    const known = new Set(SCENARIOS.map(({ name }) => name));
    expect(BARS.filter(({ scenario }) => !known.has(scenario))).to.deep.equal([]);
  });

  it('judges rates by their ratio to each peer', () => {
    const results = judgeBars([
      outcome('e0', 'lmqtt', { deliv_rate: 1300 }),
      outcome('e0', 'mosquitto', { deliv_rate: 110 }),
      outcome('e0', 'flashmq', { deliv_rate: 1000 }),
    ]);
    expect(results).to.have.length(2);
    const mosquitto = find(results, 'e0', 'rate ÷ mosquitto');
    expect(mosquitto).to.include({ bar: 12, verdict: 'missed' });
    expect(mosquitto.value).to.be.closeTo(11.8, 0.1);
    expect(find(results, 'e0', 'rate ÷ flashmq')).to.include({ value: 1.3, verdict: 'goal met' });
  });

  it('judges latency, where less is better', () => {
    const results = judgeBars([
      outcome('i1', 'lmqtt', { lat_us: { p50: 80, p99: 300 } }),
      outcome('i1', 'mosquitto', { lat_us: { p50: 50, p99: 100 } }),
      outcome('i1', 'flashmq', { lat_us: { p50: 100, p99: 1000 } }),
    ]);
    expect(find(results, 'i1', 'p50 ÷ mosquitto').verdict).to.equal('met');
    expect(find(results, 'i1', 'p99 ÷ mosquitto').verdict).to.equal('missed');
    expect(find(results, 'i1', 'p50 ÷ flashmq').verdict).to.equal('met');
    expect(find(results, 'i1', 'p99 ÷ flashmq').verdict).to.equal('goal met');
  });

  it('judges SYNC_FLUSH and memory, which need no peer', () => {
    const results = judgeBars([
      outcome('d', 'lmqtt', { deliv_rate: 100 }),
      outcome('d', 'lmqtt-sync', { deliv_rate: 80 }),
      outcome('h10', 'lmqtt', { mode: 'connections', rss_bytes_per_conn: 7000 }),
      outcome('h10s', 'lmqtt', { mode: 'connections', rss_bytes_per_conn: 7000 }),
    ]);
    const sync = find(results, 'd', 'rate with SYNC_FLUSH ÷ with ASYNC_FLUSH');
    expect(sync).to.include({ value: 0.8, verdict: 'met' });
    expect(find(results, 'h10', 'KiB per connection').verdict).to.equal('missed');
    expect(find(results, 'h10s', 'KiB per connection').verdict).to.equal('met');
  });

  it('does not judge what was not measured', () => {
    const results = judgeBars([outcome('a16', 'lmqtt', { deliv_rate: 5 })]);
    expect(results.map(({ verdict }) => verdict)).to.deep.equal(['not measured', 'not measured']);
  });
});
