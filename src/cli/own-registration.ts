import type { Timer } from '../common/clock.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Registry } from '../namesrv/server/registry.ts';
import type { StoreRegistration } from '../namesrv/types.ts';
import type { Composition } from './composition.ts';
import { STORE_PROTOCOL } from './store-protocol.ts';
import { lmqttVersion } from './version.ts';

/**
 * Keeps the store of this process in the registry of its own name server: RocketMQ's tools make a topic at the
 * brokers that they find there, and quietly do nothing when there are none (ADR 561).
 * @param address `host:port` where mqadmin reaches the store, known when it starts; empty: nowhere
 */
export function ownRegistration(
  { config, clock }: Composition,
  registry: Registry,
  address: () => string,
): Service {
  let renewal: Timer | undefined;
  let registration: StoreRegistration | undefined;
  return {
    start() {
      const store: StoreRegistration = {
        name: config.lmq.brokerName,
        address: address(),
        ...STORE_PROTOCOL,
        topics: [],
        epoch: clock.now(),
        version: lmqttVersion(),
      };
      registration = store;
      registry.stores.register(store);
      renewal = clock.every(registry.renewAfterMs, () => {
        registry.stores.register(store);
      });
      return Promise.resolve();
    },
    stop() {
      renewal?.cancel();
      renewal = undefined;
      if (registration !== undefined) {
        registry.stores.unregister(registration.name, registration.epoch);
        registration = undefined;
      }
      return Promise.resolve();
    },
  };
}
