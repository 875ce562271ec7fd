import { expect } from 'chai';
import { environmentName } from '../../../../src/common/config/conf-spec.ts';

describe('environmentName', () => {
  const names: Record<string, string> = {
    mqttPort: 'LMQTT_CONNECT_MQTT_PORT',
    maxPacketSizeInByte: 'LMQTT_CONNECT_MAX_PACKET_SIZE_IN_BYTE',
    storeQos0: 'LMQTT_CONNECT_STORE_QOS0',
    backlog: 'LMQTT_CONNECT_BACKLOG',
  };
  for (const [key, name] of Object.entries(names)) {
    it(`of ${key} is ${name}`, () => {
      expect(environmentName('connect', key)).to.equal(name);
    });
  }
});
