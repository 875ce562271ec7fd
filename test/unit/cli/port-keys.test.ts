import { expect } from 'chai';
import { loadConfig } from '../../../src/cli/config/load-all.ts';
import { portKeys, startErrorText } from '../../../src/cli/port-keys.ts';
import { ListenError } from '../../../src/common/errors.ts';

const configOf = (variables: Record<string, string> = {}): ReturnType<typeof loadConfig> =>
  loadConfig('/nowhere', variables);

describe('portKeys', () => {
  it('names the keys of a port with their file', () => {
    expect(portKeys(configOf(), 1883)).to.deep.equal(['mqttHost, mqttPort in connect.conf']);
    expect(portKeys(configOf(), 9877)).to.deep.equal(['rpcHost, rpcPort in namesrv.conf']);
  });

  it('names both when two listeners have been given one port', () => {
    const config = configOf({ LMQTT_CONNECT_MQTT_WS_PORT: '9092' });
    expect(portKeys(config, 9092)).to.deep.equal([
      'mqttWsHost, mqttWsPort in connect.conf',
      'exporterHost, exporterPort in namesrv.conf',
    ]);
  });

  it('finds a port in a list of hosts', () => {
    const config = configOf({ LMQTT_CONNECT_MQTT_HOST: '[::1]:2000,127.0.0.1' });
    expect(portKeys(config, 2000)).to.deep.equal(['mqttHost, mqttPort in connect.conf']);
    expect(portKeys(config, 1883)).to.deep.equal(['mqttHost, mqttPort in connect.conf']);
  });

  it('finds the port of a section', () => {
    const section = { name: 'field', origin: 'connect.conf:1', values: { port: 2000 } };
    expect(portKeys({ ...configOf(), listeners: [section] }, 2000)).to.deep.equal([
      '[listener.field] in connect.conf',
    ]);
  });

  it('names nothing for a port that nobody has set', () => {
    expect(portKeys(configOf(), 2)).to.deep.equal([]);
  });
});

describe('startErrorText', () => {
  it('tells of a port where it is set', () => {
    const error = new ListenError('cannot listen on 127.0.0.1:9876: why', { port: 9876 });
    expect(startErrorText(error, configOf())).to.equal(
      'cannot listen on 127.0.0.1:9876: why (listenHost, listenPort in namesrv.conf)',
    );
    expect(startErrorText(error, undefined)).to.equal(error.message);
  });

  it('leaves other errors as they are', () => {
    expect(startErrorText(new Error('other'), configOf())).to.equal('other');
    expect(startErrorText(new ListenError('unknown port'), configOf())).to.equal('unknown port');
  });
});
