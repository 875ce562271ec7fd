import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { lmqttVersion } from '../../../src/cli/version.ts';

describe('cli: lmqttVersion', () => {
  it('is that of package.json', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(lmqttVersion()).to.equal(version);
  });
});
