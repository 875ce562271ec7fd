import { expect } from 'chai';
import { toMarkdown } from '../../../benchmark/report.ts';
import { parseSample } from '../../../benchmark/result.ts';
import { selectScenarios } from '../../../benchmark/scenarios.ts';
import type { Outcome } from '../../../benchmark/result.ts';

function outcome(scenario: string, peer: string, rate: number, fields: object = {}): Outcome {
  const median = parseSample(
    JSON.stringify({ mode: 'load', deliv_rate: rate, lat_us: { p50: 12_345 }, ...fields }),
  );
  return { scenario, peer, median, samples: [median], failures: [] };
}

const rowsOf = (markdown: string): string[] =>
  markdown.split('\n').filter((line) => /^\| [a-z]\d* \|/.test(line));

describe('benchmark report', () => {
  it('gives the ratio of lmqtt to each broker of the same scenario', () => {
    const outcomes = [outcome('b', 'lmqtt', 300_000), outcome('b', 'mosquitto', 100_000)];
    const markdown = toMarkdown({ setting: [], scenarios: selectScenarios(['b']), outcomes });
    expect(rowsOf(markdown)).to.deep.equal([
      '| b | lmqtt | 300,000 |  | 0.00 | 12.3 ms | 0 µs | 0 µs | 0 MiB |  |  |',
      '| b | mosquitto | 100,000 | 3.00 × | 0.00 | 12.3 ms | 0 µs | 0 µs | 0 MiB |  |  |',
    ]);
  });

  it('gives the ratio of SYNC_FLUSH to ASYNC_FLUSH', () => {
    const outcomes = [outcome('d', 'lmqtt', 400), outcome('d', 'lmqtt-sync', 100)];
    const markdown = toMarkdown({ setting: [], scenarios: selectScenarios(['d']), outcomes });
    expect(markdown).to.include('SYNC_FLUSH ÷ ASYNC_FLUSH in d: 0.25');
  });

  it('shows memory per connection and failures', () => {
    const idle = outcome('h10', 'lmqtt', 0, { mode: 'connections', rss_bytes_per_conn: 5000 });
    const dead = { scenario: 'h10', peer: 'x', median: undefined, samples: [], failures: ['died'] };
    const markdown = toMarkdown({
      setting: ['two cores'],
      scenarios: selectScenarios(['h10', 's1']),
      outcomes: [idle, dead],
    });
    expect(markdown).to.match(/\| h10 \| lmqtt \|.*\| 5,000 \| {2}\|/);
    expect(markdown).to.match(/\| h10 \| x \|.*1 runs FAILED \|/);
    expect(markdown).to.include('h10, x: died').and.include('s1 needs MQTT 5: skipped');
    expect(markdown).to.include('- two cores');
  });
});
