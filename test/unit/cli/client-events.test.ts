import { expect } from 'chai';
import { clientEventsFrom } from '../../../src/cli/client-events.ts';
import { ConfigError } from '../../../src/common/errors.ts';
import { CLIENT_EVENTS, DEFAULT_CLIENT_EVENTS } from '../../../src/gateway/events/client-event.ts';
import { connectConf } from '../../../src/cli/config/connect-conf.ts';

const from = (clientEvents: string) => clientEventsFrom({ clientEvents });

describe('cli: clientEventsFrom', () => {
  it('takes a list, all, or off', () => {
    expect(from('off')).to.deep.equal([]);
    expect(from('all')).to.deep.equal(CLIENT_EVENTS);
    expect(from('session_expired, client_connected,session_expired')).to.deep.equal([
      'session_expired',
      'client_connected',
    ]);
  });

  it('has a default that it takes', () => {
    expect(from(String(connectConf.keys.clientEvents.default))).to.deep.equal(
      DEFAULT_CLIENT_EVENTS,
    );
  });

  it('names what it does not know, and what may have been meant', () => {
    expect(() => from('client_conected')).to.throw(
      ConfigError,
      "unknown event 'client_conected', did you mean 'client_connected'?",
    );
    expect(() => from('client_connected,off')).to.throw(ConfigError, "'off'");
    expect(() => from('client_connected,')).to.throw(ConfigError, "''");
  });
});
