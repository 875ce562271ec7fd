import { expect } from 'chai';
import { CONNECTION_LOST } from '../../../../src/gateway/channel/connection-end.ts';
import { disconnectReason } from '../../../../src/gateway/events/disconnect-reason.ts';

const by = (isByClient: boolean, reasonCode: number) => ({ isByClient, reasonCode, reason: '' });

describe('gateway: disconnectReason', () => {
  it('has the words of EMQX', () => {
    expect(disconnectReason(CONNECTION_LOST)).to.equal('tcp_closed');
    expect(disconnectReason(by(true, 0))).to.equal('normal');
    expect(disconnectReason(by(false, 0x8d))).to.equal('keepalive_timeout');
    expect(disconnectReason(by(false, 0x8e))).to.equal('takenover');
    expect(disconnectReason(by(false, 0x80))).to.equal('internal_error');
  });

  it('otherwise has the name of the reason code', () => {
    expect(disconnectReason(by(true, 0x04))).to.equal('disconnect_with_will_message');
    expect(disconnectReason(by(true, 0x80))).to.equal('unspecified_error');
    expect(disconnectReason(by(false, 0x82))).to.equal('protocol_error');
    expect(disconnectReason(by(true, 0x7f))).to.equal('reason_code_127');
  });
});
