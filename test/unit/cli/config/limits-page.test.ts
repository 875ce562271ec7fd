import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect } from 'chai';
import { metricTable } from '../../../../src/admin/metric-table.ts';
import { connectFile } from '../../../../src/cli/config/listener-sections.ts';
import { limitKeys } from '../../../../src/cli/config/limit-keys.ts';
import { asAnySpec } from '../../../../src/common/config/load-conf.ts';
import { DEFAULT_LIMITS } from '../../../../src/gateway/options.ts';

const PAGE = resolve(import.meta.dirname, '../../../../docs/limits.md');
const COLUMNS = 6;

function rows(): string[][] {
  return readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter(
      (line) => line.startsWith('| ') && !line.startsWith('| limit') && !line.startsWith('| -'),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

describe('docs/limits.md', () => {
  const { keys } = asAnySpec(connectFile);

  it('names keys with their defaults, an answer for each version, and metrics that exist', () => {
    const metrics = metricTable.map(({ name }) => name);
    expect(rows()).to.have.length.greaterThan(20);
    for (const row of rows()) {
      expect(row, row.join()).to.have.lengthOf(COLUMNS);
      const [, key, value, version5, older, metric] = row as [string, string, ...string[]];
      expect(keys, key).to.have.property(key);
      expect(String(keys[key]!.default), key).to.equal(value);
      expect(version5, key).not.to.equal('');
      expect(older, key).not.to.equal('');
      expect(metrics).to.include(metric);
    }
  });

  it('has every limit that there is', () => {
    const named = new Set(rows().map(([, key]) => key));
    const policies = ['publishRateExceeded', 'queueFullPolicy'];
    for (const key of Object.keys(limitKeys)) {
      if (!policies.includes(key)) expect(named).to.include(key);
    }
    const limits = Object.keys(DEFAULT_LIMITS).filter((key) => Object.hasOwn(keys, key));
    const others = [...policies, 'topicAliasMaximumOut', 'pullBatchSize'];
    expect([...named]).to.include.members(limits.filter((key) => !others.includes(key)));
  });
});
