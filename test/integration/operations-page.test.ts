import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../src/cli/config/load-all.ts';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');

/** The indented block of the page that begins with this line. */
function blockFrom(first: string): string {
  const lines = PAGE.split('\n');
  const start = lines.indexOf(`    ${first}`);
  expect(start, first).not.to.equal(-1);
  const length = lines.slice(start).findIndex((line) => line !== '' && !line.startsWith('    '));
  return lines
    .slice(start, start + length)
    .map((line) => line.slice(4))
    .join('\n');
}

describe('docs/operations.md', function () {
  this.timeout(30_000);
  let directory: string;
  before(async () => {
    directory = await makeTempDir();
  });
  after(() => removeTempDir(directory));

  it('has a unit that systemd takes, for each role', function () {
    const unit = blockFrom('[Unit]');
    expect(unit)
      .to.match(/^StartLimitIntervalSec=0$/m)
      .and.to.match(/^Restart=always$/m);
    expect(unit).to.include('/dist/cli/%i-main.js');
    for (const role of ['standalone', 'namesrv', 'lmq', 'gateway']) {
      expect(existsSync(join(ROOT, `src/cli/${role}-main.ts`)), role).to.equal(true);
    }
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
      console.log('      skipped: there is no systemd-analyze');
      this.skip();
    }
    const file = join(directory, 'lmqtt@gateway.service');
    // Node.js may be elsewhere on this machine.
    writeFileSync(file, unit.replace('/usr/bin/node', process.execPath));
    const { status, stderr } = spawnSync('systemd-analyze', ['--man=no', 'verify', file]);
    expect(status, stderr.toString()).to.equal(0);
    expect(stderr.toString()).to.equal('');
  });

  it('has a Compose file whose programs and variables exist', () => {
    const compose = blockFrom('x-node: &node');
    const programs = [...compose.matchAll(/\/dist\/cli\/([a-z]+)-main\.js/g)].map(
      ([, role]) => role,
    );
    expect(programs).to.deep.equal(['namesrv', 'gateway', 'lmq']);
    for (const role of programs) {
      expect(existsSync(join(ROOT, `src/cli/${role!}-main.ts`)), role).to.equal(true);
    }
    const pairs = [...compose.matchAll(/\b(LMQTT_[A-Z0-9_]+): ('[^']*'|[^,}\n]+)/g)];
    const variables = Object.fromEntries(
      pairs.map(([, name, value]) => [name!, value!.trim().replaceAll("'", '')]),
    );
    expect(Object.keys(variables)).to.have.length.above(5);
    // Throws for a variable that is no key, and for a value that the key does not take.
    const config = loadConfig(directory, variables);
    expect(config.cluster.namesrvAddr).to.equal('ns1:9877;ns2:9877');
    expect(config.namesrv.rpcHost).to.equal('0.0.0.0');
    expect(config.lmq.brokerIP1).to.equal('store1');
    expect(() => loadConfig(directory, { LMQTT_LMQ_NO_KEY: '1' })).to.throw('LMQTT_LMQ_NO_KEY');
  });

  it('names conf keys that exist', () => {
    for (const [first, file] of [
      ['namesrvAddr = "ns1:9877;ns2:9877"', 'cluster.conf'],
      ['rpcHost = 0.0.0.0', 'namesrv.conf'],
      ['brokerName = lmq-a', 'lmq.conf'],
      ['mqttHost = 0.0.0.0', 'connect.conf'],
    ] as const) {
      writeFileSync(join(directory, file), blockFrom(first));
    }
    const config = loadConfig(directory, {});
    expect(config.connect.serverReference).to.equal('mqtt.example.com:1883');
    expect(config.cluster.tokenFile).to.equal('cluster.token');
  });
});
