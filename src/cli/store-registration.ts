import { messageOf } from '../common/errors.ts';
import type { Service } from '../common/lifecycle.ts';
import { NamesrvClient } from '../namesrv/client/namesrv-client.ts';
import type { RpcCredentials } from '../rpc/credentials.ts';
import { type Composition, partOf } from './composition.ts';
import { STORE_PROTOCOL } from './store-protocol.ts';
import { lmqttVersion } from './version.ts';

export interface StoreRegistrationOptions {
  /** Of the name servers; known when it starts. */
  readonly namesrvs: () => readonly string[];
  readonly credentials: RpcCredentials;
  readonly nodeName: string;
  readonly brokerName: string;
  /** First topic levels that the store serves by name. */
  readonly topics?: readonly string[];
  /** `host:port` of the store server; known when it starts. */
  readonly address: () => string;
}

/** More than any process lives, ms. */
const FOREVER_MS = 2 ** 52;

/** Keeps a store in the registry of the name servers from its start to its stop; waits for none of them. */
export function storeRegistration(
  composition: Composition,
  options: StoreRegistrationOptions,
): Service {
  const { clock, logger } = composition;
  let namesrv: NamesrvClient | undefined;
  return {
    start() {
      namesrv = new NamesrvClient({
        addresses: options.namesrvs(),
        credentials: options.credentials,
        name: options.nodeName,
        startTimeoutMs: FOREVER_MS,
        ...partOf(composition, 'namesrv'),
      });
      // It goes on until a name server answers, and registers there.
      namesrv.start().catch((error: unknown) => {
        logger.error({ error: messageOf(error) }, 'the name servers cannot be reached');
      });
      namesrv.registerStore({
        name: options.brokerName,
        address: options.address(),
        ...STORE_PROTOCOL,
        topics: options.topics ?? [],
        epoch: clock.now(),
        version: lmqttVersion(),
      });
      return Promise.resolve();
    },
    stop: () => namesrv?.stop() ?? Promise.resolve(),
  };
}
