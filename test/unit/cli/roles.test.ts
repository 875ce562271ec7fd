import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Composition } from '../../../src/cli/composition.ts';
import { createGatewayRole } from '../../../src/cli/gateway-role.ts';
import { createLmqRole } from '../../../src/cli/lmq-role.ts';
import { createNamesrvRole } from '../../../src/cli/namesrv-role.ts';
import { ConfigError, messageOf } from '../../../src/common/errors.ts';
import { compositionIn } from './composition-in.ts';

describe('roles', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lmqtt-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function composition(environment: Readonly<Record<string, string>>): Composition {
    return compositionIn(directory, environment);
  }

  it('name server and store refuse a host that others reach, without TLS and token', () => {
    const open = { LMQTT_NAMESRV_RPC_HOST: '0.0.0.0', LMQTT_LMQ_LISTEN_HOST: '0.0.0.0' };
    expect(() => createNamesrvRole(composition(open))).to.throw(
      ConfigError,
      'namesrv.conf: rpcHost 0.0.0.0 is not loopback',
    );
    expect(() => createLmqRole(composition(open))).to.throw(
      ConfigError,
      'lmq.conf: listenHost 0.0.0.0 is not loopback',
    );
    const secured = { ...open, LMQTT_CLUSTER_TOKEN: 'secret' };
    createNamesrvRole(composition(secured));
    createLmqRole(composition(secured));
  });

  it('a name server refuses registrations that end before they are renewed', () => {
    const times = {
      LMQTT_NAMESRV_REGISTRATION_RENEW_MS: '5000',
      LMQTT_NAMESRV_REGISTRATION_EXPIRY_MS: '5000',
    };
    expect(() => createNamesrvRole(composition(times))).to.throw(
      ConfigError,
      'registrationExpiryMs 5000 is not more than registrationRenewMs 5000',
    );
  });

  it('a gateway refuses a drain that takes longer than a stop may', () => {
    const times = { LMQTT_CONNECT_DRAIN_TIME_MS: '5000', LMQTT_CONNECT_STOP_TIMEOUT_MS: '5000' };
    expect(() => createGatewayRole(composition(times))).to.throw(
      ConfigError,
      'drainTimeMs 5000 is not less than stopTimeoutMs 5000',
    );
  });

  it('a gateway that waits for a name server can be stopped', async () => {
    const role = createGatewayRole(
      composition({ LMQTT_CLUSTER_NAMESRV_ADDR: '127.0.0.1:1', LMQTT_CONNECT_MQTT_PORT: '0' }),
    );
    const started = role.start().catch(messageOf);
    await role.stop();
    expect(await started).to.equal('stopped while it was starting');
  });
});
