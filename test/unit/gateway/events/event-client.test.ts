import { expect } from 'chai';
import { clientJson, type EventClient } from '../../../../src/gateway/events/event-client.ts';

const client: EventClient = {
  principal: { clientId: 'c', username: 'u' },
  version: 5,
  remoteAddress: '10.0.0.1',
  remotePort: 1234,
  connectedAt: 0,
};

function parsed(changes: Partial<EventClient>): Record<string, unknown> {
  return JSON.parse(`{${clientJson({ ...client, ...changes })}}`) as Record<string, unknown>;
}

describe('gateway: clientJson', () => {
  it('has the fields of EMQX', () => {
    expect(parsed({})).to.deep.equal({
      clientid: 'c',
      username: 'u',
      ipaddress: '10.0.0.1',
      peername: '10.0.0.1:1234',
      proto_name: 'MQTT',
      proto_ver: 5,
    });
  });

  it('is JSON whatever the client calls itself', () => {
    for (const text of ['"},{"', '\\', '\u0001\n', '漢😀', '\u2028']) {
      const fields = parsed({ principal: { clientId: text, username: text } });
      expect(fields).to.include({ clientid: text, username: text });
    }
  });

  it('has no user name, brackets around IPv6, and MQIsdp for 3.1', () => {
    expect(parsed({ principal: { clientId: 'c', username: undefined } })['username']).to.equal(
      null,
    );
    expect(parsed({ remoteAddress: '::1' })).to.include({
      ipaddress: '::1',
      peername: '[::1]:1234',
    });
    expect(parsed({ version: 3 })).to.include({ proto_name: 'MQIsdp', proto_ver: 3 });
  });
});
