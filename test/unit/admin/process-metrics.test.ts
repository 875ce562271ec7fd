import { closeSync, openSync, readdirSync } from 'node:fs';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { processMetrics, registerProcessMetrics } from '../../../src/admin/process-metrics.ts';
import { namesOf, valuesOf } from './admin-world.ts';

async function scrape(): Promise<string> {
  const registry = new Registry();
  registerProcessMetrics(registry);
  return registry.metrics();
}

describe('registerProcessMetrics', () => {
  it('registers what is described, on Linux all of it', async () => {
    const described = processMetrics.map(({ name }) => name);
    const exposed = namesOf(await scrape());
    expect(described).to.include.members(exposed);
    if (process.platform === 'linux') expect(exposed).to.have.members(described);
  });

  it('registers nothing that lists every handle', async () => {
    expect(await scrape()).to.not.include('nodejs_active_');
  });

  it('counts the files that are open', async function () {
    if (process.platform !== 'linux') this.skip();
    const files = Array.from({ length: 50 }, () => openSync('/dev/null', 'r'));
    try {
      // Less the one that reads the directory.
      const expected = readdirSync('/proc/self/fd').length - 1;
      const counted = valuesOf(await scrape()).get('process_open_fds');
      expect(counted).to.equal(expected);
    } finally {
      for (const file of files) closeSync(file);
    }
  });

  it('may be registered again in another registry', async () => {
    expect(namesOf(await scrape())).to.deep.equal(namesOf(await scrape()));
  });
});
