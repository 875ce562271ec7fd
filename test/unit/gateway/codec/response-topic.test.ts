import { expect } from 'chai';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { checkResponseTopic } from '../../../../src/gateway/codec/response-topic.ts';
import { protocolErrorOf } from './packets.ts';

describe('gateway: a response topic', () => {
  it('is the topic name of a PUBLISH', () => {
    for (const topic of ['a', '/', 'answer/to/me', 'with space', '$SYS/x']) {
      expect(() => {
        checkResponseTopic(topic);
      }, topic).not.to.throw();
    }
  });

  it('with wildcards is refused [MQTT5-3.3.2-14]', () => {
    for (const topic of ['a/+', '#', 'a/#', '+', 'a+']) {
      const error = protocolErrorOf(() => {
        checkResponseTopic(topic);
      });
      expect(error.reasonCode).to.equal(ReasonCode.PROTOCOL_ERROR);
      expect(error.message).to.equal('response topic with wildcards [MQTT-3.3.2-14]');
    }
  });

  it('that is empty is refused as that [MQTT-4.7.3-1]', () => {
    const error = protocolErrorOf(() => {
      checkResponseTopic('');
    });
    expect(error.reasonCode).to.equal(ReasonCode.PROTOCOL_ERROR);
    expect(error.message).to.equal('response topic is empty [MQTT-4.7.3-1]');
  });
});
