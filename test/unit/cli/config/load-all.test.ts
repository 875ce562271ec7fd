import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { loadConfig, redactedConfig } from '../../../../src/cli/config/load-all.ts';
import { ConfigError } from '../../../../src/common/errors.ts';

describe('loadConfig', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lmqtt-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('gives the defaults of Apache RocketMQ MQTT where the key exists there', () => {
    const { connect, service, namesrv } = loadConfig(directory, {});
    expect(connect).to.include({ mqttPort: 1883, highWater: 262144, maxConn: 100_000 });
    expect(service).to.include({ username: '', secretKey: '' });
    expect(namesrv).to.include({ listenPort: 9876 });
  });

  it('finds the shipped files to say nothing but the defaults', () => {
    const shipped = resolve(import.meta.dirname, '../../../../conf');
    expect(loadConfig(shipped, {})).to.deep.equal(loadConfig(directory, {}));
  });

  it('reads every file and the environment', () => {
    writeFileSync(join(directory, 'connect.conf'), 'mqttPort = 1');
    writeFileSync(join(directory, 'service.conf'), 'username = u');
    writeFileSync(join(directory, 'lmq.conf'), 'flushDiskType = SYNC_FLUSH');
    writeFileSync(join(directory, 'namesrv.conf'), 'listenPort = 2');
    const config = loadConfig(directory, { LMQTT_CONNECT_MAX_CONN: '3', LMQTT_TEST_X: '1' });
    expect(config.connect).to.include({ mqttPort: 1, maxConn: 3 });
    expect(config.service).to.include({ username: 'u' });
    expect(config.lmq).to.include({ flushDiskType: 'SYNC_FLUSH' });
    expect(config.namesrv).to.include({ listenPort: 2 });
    expect(config).to.be.frozen;
  });

  it('names the path of the file with the fault', () => {
    writeFileSync(join(directory, 'lmq.conf'), 'flushDisktype = SYNC_FLUSH');
    expect(() => loadConfig(directory, {})).to.throw(
      ConfigError,
      `${join(directory, 'lmq.conf')}:1: unknown key 'flushDisktype', did you mean 'flushDiskType'?`,
    );
  });

  it('refuses an unknown variable', () => {
    expect(() => loadConfig(directory, { LMQTT_CONECT_MQTT_PORT: '1' })).to.throw(
      ConfigError,
      "did you mean 'LMQTT_CONNECT_MQTT_PORT'?",
    );
  });

  it('names a file that cannot be read', () => {
    const path = join(directory, 'connect.conf');
    mkdirSync(path);
    expect(() => loadConfig(directory, {})).to.throw(ConfigError, `${path}: cannot be read`);
  });

  it('shows no secret', () => {
    const config = loadConfig(directory, { LMQTT_SERVICE_SECRET_KEY: 'hush' });
    expect(config.service.secretKey).to.equal('hush');
    expect(JSON.stringify(redactedConfig(config))).not.to.include('hush');
  });
});
