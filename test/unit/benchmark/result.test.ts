import { expect } from 'chai';
import { marks, medianSample, parseSample } from '../../../benchmark/result.ts';
import { selectScenarios } from '../../../benchmark/scenarios.ts';
import type { Outcome, Sample } from '../../../benchmark/result.ts';
import type { Scenario } from '../../../benchmark/scenarios.ts';

const line = (fields: object): string =>
  JSON.stringify({
    mode: 'load',
    deliv_rate: 1000,
    lat_us: { p50: 5, p99: 9, p999: 11 },
    ...fields,
  });

const sample = (fields: object = {}): Sample => parseSample(line(fields));

function scenario(name: string): Scenario {
  const [found] = selectScenarios([name]);
  if (found === undefined) throw new Error(name);
  return found;
}

const outcome = (...samples: Sample[]): Outcome => ({
  scenario: 'b',
  peer: 'x',
  median: samples[0],
  samples,
  failures: [],
  skipped: undefined,
});

describe('benchmark result', () => {
  it('reads the rate while draining in drain mode', () => {
    expect(sample({ mode: 'drain', drain_rate: 77 }).rate).to.equal(77);
    expect(sample().rate).to.equal(1000);
  });

  it('counts every kind of fault', () => {
    const faults = { corrupt: 1, foreign: 2, unexpected: 4, protocol_errors: 8, nacks: 16 };
    expect(sample({ ...faults, disconnects: 32, failed: 64, dropped: 128 }).faults).to.equal(255);
  });

  it('refuses a line that is no result', () => {
    expect(() => parseSample('{}')).to.throw('not a result');
    expect(() => parseSample('Segmentation fault')).to.throw(SyntaxError);
  });

  it('takes the run in the middle by the figure of the scenario', () => {
    const samples = [3, 1, 2].map((rate) => sample({ deliv_rate: rate }));
    expect(medianSample('rate', samples)?.rate).to.equal(2);
    expect(medianSample('rate', samples.slice(0, 2))?.rate).to.equal(1);
    expect(medianSample('rate', [])).to.equal(undefined);
    const latencies = [30, 10, 20].map((p50) => sample({ lat_us: { p50 } }));
    expect(medianSample('latency', latencies)?.p50).to.equal(20);
  });

  it('marks what went wrong in any run', () => {
    const bad = sample({ lost: 3, dup: 1, out_of_order: 2, stuck: 1, machine: { other_pct: 40 } });
    expect(marks(scenario('b'), outcome(sample(), bad))).to.deep.equal([
      '3 LOST',
      '2 OUT OF ORDER',
      '1 DUPLICATE',
      'STUCK',
      '1 disturbed',
    ]);
    expect(marks(scenario('b'), outcome(sample()))).to.deep.equal([]);
    expect(marks(scenario('a16f'), outcome(bad))).to.include('3 dropped');
    expect(marks(scenario('b'), { ...outcome(), failures: ['died'] })).to.deep.equal([
      '1 runs FAILED',
    ]);
  });
});
