import { expect } from 'chai';
import { loadConfig } from '../../../src/cli/config/load-all.ts';
import {
  adminOptionsFrom,
  gatewayLimitsFrom,
  namesrvOptionsFrom,
  protocolRulesFrom,
  storeOptionsFrom,
  tcpKeepAliveFrom,
} from '../../../src/cli/standalone-options.ts';
import {
  DEFAULT_LIMITS,
  DEFAULT_RULES,
  DEFAULT_TCP_KEEP_ALIVE,
} from '../../../src/gateway/options.ts';
import { ConfigError } from '../../../src/common/errors.ts';
import { DEFAULT_STORE_OPTIONS } from '../../../src/lmq/embedded/store-options.ts';
import { DEFAULT_REMOTING_SERVER_LIMITS } from '../../../src/remoting/remoting-server.ts';

const defaults = loadConfig('/nowhere', {});

describe('standalone options', () => {
  it('agree with the defaults of each part when nothing is configured', () => {
    expect(gatewayLimitsFrom(defaults.connect)).to.deep.equal(DEFAULT_LIMITS);
    expect(protocolRulesFrom(defaults.connect)).to.deep.equal(DEFAULT_RULES);
    expect(tcpKeepAliveFrom(defaults.connect)).to.deep.equal(DEFAULT_TCP_KEEP_ALIVE);
    const { directory, ...store } = storeOptionsFrom(defaults.lmq, '/data');
    expect(directory).to.equal('/data/lmq');
    expect(DEFAULT_STORE_OPTIONS).to.deep.include(store);
    const { remotingLimits, ...namesrv } = namesrvOptionsFrom(defaults.namesrv, '/data');
    expect(DEFAULT_REMOTING_SERVER_LIMITS).to.deep.include(remotingLimits);
    expect(namesrv).to.deep.equal({ host: '127.0.0.1', port: 9876, directory: '/data/namesrv' });
    const admin = { host: '127.0.0.1', port: 9090, exportProcessInfo: true };
    expect(adminOptionsFrom(defaults.connect)).to.deep.equal(admin);
    expect(defaults.connect.enablePrometheus).to.equal(false);
  });

  it('follow the configuration, hours turned into milliseconds', () => {
    const config = loadConfig('/nowhere', {
      LMQTT_LMQ_FILE_RESERVED_TIME: '2',
      LMQTT_LMQ_STORE_PATH: '/fast/disk',
      LMQTT_LMQ_FLUSH_DISK_TYPE: 'SYNC_FLUSH',
      LMQTT_CONNECT_MAX_INFLIGHT: '7',
      LMQTT_NAMESRV_MAX_CONNECTIONS: '8',
    });
    expect(storeOptionsFrom(config.lmq, '/data')).to.include({
      directory: '/fast/disk',
      fileReservedTimeMs: 7_200_000,
      flushDiskType: 'SYNC_FLUSH',
    });
    expect(gatewayLimitsFrom(config.connect)).to.include({ maxInflight: 7 });
    expect(namesrvOptionsFrom(config.namesrv, '/data').remotingLimits).to.include({
      maxConnections: 8,
    });
  });

  it('refuse response information that no topic name could begin with', () => {
    for (const value of ['reply/+', 'reply/#', 'a\tb', 'x'.repeat(1025)]) {
      const { connect } = loadConfig('/nowhere', { LMQTT_CONNECT_RESPONSE_INFORMATION: value });
      expect(() => protocolRulesFrom(connect), value).to.throw(ConfigError, 'responseInformation');
    }
  });
});
