import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ReadyFile } from '../../../src/cli/ready-file.ts';

describe('ReadyFile', () => {
  let directory: string;
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'lmqtt-')), 'run');
  });
  afterEach(() => {
    rmSync(join(directory, '..'), { recursive: true });
  });

  it('holds one key=value line for each fact and leaves no draft', () => {
    new ReadyFile(directory, 'standalone').write({
      pid: 7,
      mqtt: ['127.0.0.1:1883', '[::1]:1883'],
      namesrv: '127.0.0.1:9876',
      data: '/d',
      log: '/l/lmqtt.log',
      stopTimeoutMs: 5,
    });
    expect(readdirSync(directory)).to.deep.equal(['standalone.ready']);
    const lines = readFileSync(join(directory, 'standalone.ready'), 'utf8').split('\n');
    expect(lines).to.deep.equal([
      'pid=7',
      'namesrv=127.0.0.1:9876',
      'data=/d',
      'log=/l/lmqtt.log',
      'stopTimeoutMs=5',
      'mqtt=127.0.0.1:1883',
      'mqtt=[::1]:1883',
      '',
    ]);
  });

  it('tells where metrics are only when they are served', () => {
    const file = new ReadyFile(directory, 'standalone');
    const facts = { pid: 7, mqtt: [], namesrv: '', data: '', log: '', stopTimeoutMs: 1 };
    file.write({ ...facts, metrics: '127.0.0.1:9090' });
    const read = () => readFileSync(join(directory, 'standalone.ready'), 'utf8').split('\n');
    expect(read()).to.include('metrics=127.0.0.1:9090');
    file.write({ ...facts, metrics: undefined });
    expect(read().filter((line) => line.startsWith('metrics'))).to.deep.equal([]);
  });

  it('names the addresses of every kind of listener', () => {
    new ReadyFile(directory, 'standalone').write({
      pid: 7,
      mqtt: [],
      mqtts: ['127.0.0.1:8883', '[::1]:8883'],
      ws: ['127.0.0.1:8083/mqtt'],
      wss: ['127.0.0.1:8084/mqtt'],
      namesrv: 'n',
      data: '/d',
      log: 'none',
      stopTimeoutMs: 5,
    });
    const lines = readFileSync(join(directory, 'standalone.ready'), 'utf8').split('\n');
    expect(lines.slice(-5)).to.deep.equal([
      'mqtts=127.0.0.1:8883',
      'mqtts=[::1]:8883',
      'ws=127.0.0.1:8083/mqtt',
      'wss=127.0.0.1:8084/mqtt',
      '',
    ]);
  });

  it('is gone after remove, which may be called twice', () => {
    const file = new ReadyFile(directory, 'standalone');
    file.write({ pid: 7, mqtt: [], namesrv: '', data: '', log: '', stopTimeoutMs: 1 });
    file.remove();
    file.remove();
    expect(existsSync(join(directory, 'standalone.ready'))).to.equal(false);
  });
});
