import { expect } from 'chai';
import { toChart, toJson, toMarkdown } from '../../../benchmark/report.ts';
import { selectScenarios } from '../../../benchmark/scenarios.ts';
import { outcome } from './outcomes.ts';
import type { Outcome } from '../../../benchmark/result.ts';

const rated = (scenario: string, peer: string, rate: number): Outcome =>
  outcome(scenario, peer, { deliv_rate: rate, lat_us: { p50: 12_345 } });

const rowsOf = (markdown: string): string[] =>
  markdown.split('\n').filter((line) => /^\| [a-z]\d* \| (lmqtt|mosquitto)/.test(line));

describe('benchmark report', () => {
  it('gives the ratio of lmqtt to each broker of the same scenario', () => {
    const outcomes = [rated('b', 'lmqtt', 300_000), rated('b', 'mosquitto', 100_000)];
    const markdown = toMarkdown({ setting: [], scenarios: selectScenarios(['b']), outcomes });
    expect(rowsOf(markdown)).to.deep.equal([
      '| b | lmqtt | 300,000 |  | 0.00 | 12.3 ms | 0 µs | 0 µs | 0 MiB |  | 0 |  |',
      '| b | mosquitto | 100,000 | 3.00 × | 0.00 | 12.3 ms | 0 µs | 0 µs | 0 MiB |  | 0 |  |',
    ]);
  });

  it('gives the ratio of SYNC_FLUSH to ASYNC_FLUSH', () => {
    const outcomes = [rated('d', 'lmqtt', 400), rated('d', 'lmqtt-sync', 100)];
    const markdown = toMarkdown({ setting: [], scenarios: selectScenarios(['d']), outcomes });
    expect(markdown).to.include('SYNC_FLUSH ÷ ASYNC_FLUSH in d: 0.25');
  });

  it('shows memory per connection and failures', () => {
    const idle = outcome('h10', 'lmqtt', { mode: 'connections', rss_bytes_per_conn: 5000 });
    const dead = {
      scenario: 'h10',
      peer: 'x',
      median: undefined,
      samples: [],
      failures: ['died'],
      skipped: undefined,
    };
    const markdown = toMarkdown({
      setting: ['two cores'],
      scenarios: selectScenarios(['h10', 's1']),
      outcomes: [idle, dead],
    });
    expect(markdown).to.match(/\| h10 \| lmqtt \|.*\| 5,000 \| {2}\| {2}\|/);
    expect(markdown).to.match(/\| h10 \| x \|.*1 runs FAILED \|/);
    expect(markdown).to.include('h10, x: died');
    expect(markdown).to.include('- two cores');
  });

  it('says why a broker was left out', () => {
    const skipped = {
      ...outcome('s1', 'x', {}),
      median: undefined,
      samples: [],
      skipped: 'no MQTT 5',
    };
    const scenarios = selectScenarios(['s1']);
    const markdown = toMarkdown({ setting: [], scenarios, outcomes: [skipped] });
    expect(markdown).to.match(/\| s1 \| x \|.*\| skipped: no MQTT 5 \|/);
  });

  it('counts the losses of the worst run, and the bars', () => {
    const [good, bad] = [outcome('b', 'lmqtt', { deliv_rate: 400 }), { lost: 7, deliv_rate: 400 }];
    const samples = [...good.samples, ...outcome('b', 'lmqtt', bad).samples];
    const outcomes = [{ ...good, samples }, outcome('b', 'mosquitto', { deliv_rate: 100 })];
    const scenarios = selectScenarios(['b']);
    const markdown = toMarkdown({ setting: [], scenarios, outcomes });
    expect(markdown).to.match(/\| b \| lmqtt \|.*\| 7 \| 7 LOST \|/);
    expect(markdown).to.include('## Bars').and.include('1 of 1 measured bars met.');
    expect(markdown).to.include('| b | rate ÷ mosquitto | 4.00 | ≥ 4 |  | met |');
  });

  it('has the ratios and bars in JSON', () => {
    const outcomes = [rated('b', 'lmqtt', 300), rated('b', 'mosquitto', 100)];
    const json = JSON.parse(
      toJson({ setting: [], scenarios: selectScenarios(['b']), outcomes }),
    ) as { outcomes: { lmqttDividedBy?: number }[]; bars: { verdict: string }[] };
    expect(json.outcomes.map(({ lmqttDividedBy }) => lmqttDividedBy)).to.deep.equal([undefined, 3]);
    expect(json.bars.map(({ verdict }) => verdict)).to.include('missed');
  });

  it('charts rates and leaves latency and memory out', () => {
    const outcomes = [rated('b', 'lmqtt', 300), rated('i1', 'lmqtt', 1000)];
    const scenarios = selectScenarios(['b', 'i1', 'h10']);
    const chart = toChart({ setting: [], scenarios, outcomes });
    expect(chart).to.include('>b</text>').and.include('>300</text>');
    expect(chart).not.to.include('>i1</text>');
  });
});
