import { expect } from 'chai';
import { unknownMetrics } from '../../../../scripts/docs/unknown-metrics.ts';

describe('scripts: metrics that pages name', () => {
  it('are those of the page of all metrics, and parts of them', () => {
    const pages = new Map([
      ['docs/metrics.md', '| `lmqtt_connections` |\n| `lmqtt_commit_seconds` |'],
      [
        'docs/a.md',
        'see `lmqtt_connections`, lmqtt_commit_seconds_bucket{le="1"} and lmqtt itself',
      ],
      ['docs/b.md', '`lmqtt_connection`; `lmqtt_connection` again, `lmqtt_commit_seconds_max`'],
    ]);
    expect(unknownMetrics(pages)).to.deep.equal([
      'docs/b.md: no metric lmqtt_connection',
      'docs/b.md: no metric lmqtt_commit_seconds_max',
    ]);
  });
});
