import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Composition } from '../../../src/cli/composition.ts';
import { ownGatewayRegistration, ownStoreRegistration } from '../../../src/cli/own-registration.ts';
import { createStandalone } from '../../../src/cli/standalone.ts';
import { lmqttVersion } from '../../../src/cli/version.ts';
import { type Clock, systemClock } from '../../../src/common/clock.ts';
import { ConfigError } from '../../../src/common/errors.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import { Registry } from '../../../src/namesrv/server/registry.ts';
import { compositionIn } from './composition-in.ts';

describe('registration of the own store and gateway', () => {
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

  it('is there from start to stop, for longer than a lease', async () => {
    let nowMs = 0;
    const ticks = new Set<() => void>();
    const clock: Clock = {
      ...systemClock,
      monotonic: () => nowMs,
      every(_intervalMs, tick) {
        ticks.add(tick);
        return { cancel: () => void ticks.delete(tick) };
      },
    };
    const pass = (renewals: number): void => {
      for (let i = 0; i < renewals; i++) {
        nowMs += registry.renewAfterMs;
        for (const tick of ticks) tick();
      }
    };
    const registry = new Registry({}, clock, silentLogger);
    const environment = { LMQTT_LMQ_BROKER_NAME: 'own', LMQTT_CLUSTER_NODE_NAME: 'node' };
    const made = { ...composition(environment), clock };
    const services = [
      ownStoreRegistration(made, registry, () => '127.0.0.1:1'),
      ownGatewayRegistration(made, registry, () => ({ mqtt: ['127.0.0.1:2'], wss: ['[::1]:3'] })),
    ];
    for (const service of services) await service.start();
    await registry.start();
    pass((10 * registry.leaseMs) / registry.renewAfterMs);
    expect(registry.stores.list()).to.have.length(1);
    expect(registry.stores.list()[0]).to.include({ name: 'own', address: '127.0.0.1:1' });
    expect(registry.gateways.list()).to.have.length(1);
    expect(registry.gateways.list()[0]).to.deep.include({
      name: 'node',
      addresses: ['127.0.0.1:2', '[::1]:3'],
      version: lmqttVersion(),
    });
    for (const service of services) await service.stop();
    for (const renewals of [0, 1]) {
      pass(renewals);
      expect(registry.stores.list()).to.deep.equal([]);
      expect(registry.gateways.list()).to.deep.equal([]);
    }
    await registry.stop();
  });

  it('enableStoreAdmin is refused with workers, and on a host that others reach', () => {
    const admin = { LMQTT_LMQ_ENABLE_STORE_ADMIN: 'true' };
    expect(() => createStandalone(composition({ ...admin, LMQTT_CONNECT_WORKERS: '2' }))).to.throw(
      ConfigError,
      'enableStoreAdmin does not go with workers',
    );
    expect(() =>
      createStandalone(composition({ ...admin, LMQTT_LMQ_LISTEN_HOST: '0.0.0.0' })),
    ).to.throw(ConfigError, 'lmq.conf: listenHost 0.0.0.0 is not loopback');
  });
});
