import { Ajv } from 'ajv';
import { expect } from 'chai';
import { confFiles } from '../../../../src/cli/config/conf-files.ts';
import { environmentName } from '../../../../src/common/config/conf-spec.ts';

const ajv = new Ajv({ keywords: ['unit', 'secret'] });

for (const spec of confFiles) {
  describe(`${spec.name}.conf`, () => {
    for (const [key, schema] of Object.entries(spec.keys)) {
      it(`${key} has a meaning and a default that its own schema accepts`, () => {
        expect(schema.description).to.match(/\.$/);
        expect(ajv.validate(schema, schema.default), ajv.errorsText()).to.equal(true);
      });
    }

    it('lists no key both as there and as gone', () => {
      const both = Object.keys(spec.retired).filter((key) => Object.hasOwn(spec.keys, key));
      expect(both).to.deep.equal([]);
    });
  });
}

/** Of ConnectConf.java and ServiceConf.java of Apache RocketMQ MQTT, and those that its own service.conf has of the others. */
const JAVA_KEYS: Readonly<Record<string, string>> = {
  connect: `nettySelectorThreadNum nettyWorkerThreadNum mqttPort mqttTlsPort mqttWsPort quicPort coapPort enableQuic
    enableCoapConnect enableTlsSever needClientAuth sslCaCertFile sslServerCertFile sslServerKeyFile sslServerKeyPassword
    maxPacketSizeInByte highWater lowWater maxConn order maxRetryTime sizeOfNotRollWhenAckSlow queueCacheSize pullBatchSize
    rpcListenPort retryIntervalSeconds exporterPort enablePrometheus exportJvmInfo enableSharedSubscription enableRetain
    enableSubscriptionIdentifier topicAliasMaximum serverReceiveMaximum maxTransferCountOnMessageInDisk coapSessionTimeout`,
  service: `authThreadNum csRpcPort eventNotifyRetryMaxTime eventNotifyRetryTopic clientRetryTopic clientP2pTopic username
    secretKey metaAddr retainMsgExpire staticFirstTopics enableMetaModule NAMESRV_ADDR enableTlsSever needClientAuth
    sslCaCertFile sslServerCertFile sslServerKeyFile`,
};

describe('keys of Apache RocketMQ MQTT', () => {
  for (const [name, keys] of Object.entries(JAVA_KEYS)) {
    it(`are known in ${name}.conf: taken, or refused with what holds instead`, () => {
      const spec = confFiles.find((file) => file.name === name);
      const known = { ...spec?.keys, ...spec?.aliases, ...spec?.retired };
      expect(keys.split(/\s+/).filter((key) => !Object.hasOwn(known, key))).to.deep.equal([]);
    });
  }
});

describe('configuration variables', () => {
  it('are different for different keys', () => {
    const names = confFiles.flatMap((spec) =>
      Object.keys(spec.keys).map((key) => environmentName(spec.name, key)),
    );
    expect(new Set(names).size).to.equal(names.length);
  });
});
