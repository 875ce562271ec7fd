import { expect } from 'chai';
import { ErrorCode, LmqttError } from '../../../../src/common/errors.ts';
import {
  MqttProtocolError,
  UnsupportedVersionError,
} from '../../../../src/gateway/codec/protocol-error.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';

describe('MqttProtocolError', () => {
  it('carries its reason code, its cause and the code of the family', () => {
    const cause = new Error('inner');
    const error = new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'outer', { cause });
    expect(error).to.be.instanceOf(LmqttError);
    expect(error).to.include({
      name: 'MqttProtocolError',
      code: ErrorCode.MQTT_PROTOCOL,
      reasonCode: ReasonCode.PROTOCOL_ERROR,
      message: 'outer',
      cause,
      retryable: false,
    });
  });

  it('names the level of an unsupported version', () => {
    const error = new UnsupportedVersionError('MQTT', 6);
    expect(error).to.be.instanceOf(MqttProtocolError);
    expect(error.message).to.equal('protocol MQTT level 6 is not known');
  });
});
