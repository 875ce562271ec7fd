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
    const [, ...started] = /^ExecStart=(\/bin\/sh) \/opt\/lmqtt\/(\S+) /m.exec(unit) ?? [];
    expect(started).to.deep.equal(['/bin/sh', 'bin/node.sh']);
    expect(existsSync(join(ROOT, 'bin/node.sh'))).to.equal(true);
    const [, stopSeconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? [];
    const [, stopTimeoutMs] =
      /^stopTimeoutMs = (\d+)$/m.exec(blockFrom('mqttHost = 0.0.0.0')) ?? [];
    expect(Number(stopSeconds) * 1000).to.be.above(Number(stopTimeoutMs));
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
