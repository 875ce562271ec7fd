import type { Clock, Timer } from '../common/clock.ts';
import type { Service } from '../common/lifecycle.ts';
import type { LeaseTable, Registration } from '../namesrv/server/lease-table.ts';
import type { Registry } from '../namesrv/server/registry.ts';
import type { Composition } from './composition.ts';
import { gatewayRegistration } from './gateway-registration.ts';
import { nodeNameFrom } from './node-names.ts';
import type { Where } from './ready-file.ts';
import { STORE_PROTOCOL } from './store-protocol.ts';
import { lmqttVersion } from './version.ts';

/**
 * Keeps the store of this process in the registry of its own name server: RocketMQ's tools make a topic at the
 * brokers that they find there, and quietly do nothing when there are none (ADR 561).
 * @param address `host:port` where mqadmin reaches the store, known when it starts; empty: nowhere
 */
export function ownStoreRegistration(
  { config, clock }: Composition,
  registry: Registry,
  address: () => string,
): Service {
  return keptIn(registry.stores, registry.renewAfterMs, clock, () => ({
    name: config.lmq.brokerName,
    address: address(),
    ...STORE_PROTOCOL,
    topics: [],
    epoch: clock.now(),
    version: lmqttVersion(),
  }));
}

/**
 * Keeps the gateway of this process there, for `clusterList`.
 * @param where it listens, known when it starts
 * @throws ConfigError when `nodeName` is none
 */
export function ownGatewayRegistration(
  { config, clock }: Composition,
  registry: Registry,
  where: () => Where,
): Service {
  const name = nodeNameFrom(config.cluster, config.connect.mqttPort, process.pid);
  return keptIn(registry.gateways, registry.renewAfterMs, clock, () =>
    gatewayRegistration(name, where(), clock.now()),
  );
}

/** A registration that is there from start to stop. @param made called at each start */
function keptIn<T extends Registration>(
  table: LeaseTable<T>,
  renewAfterMs: number,
  clock: Clock,
  made: () => T,
): Service {
  let renewal: Timer | undefined;
  let registration: T | undefined;
  return {
    start() {
      const own = made();
      registration = own;
      table.register(own);
      renewal = clock.every(renewAfterMs, () => {
        table.register(own);
      });
      return Promise.resolve();
    },
    stop() {
      renewal?.cancel();
      renewal = undefined;
      if (registration !== undefined) {
        table.unregister(registration.name, registration.epoch);
        registration = undefined;
      }
      return Promise.resolve();
    },
  };
}
