import type { GatewayRegistration } from '../namesrv/types.ts';
import { reachableAddress } from './node-names.ts';
import type { Where } from './ready-file.ts';
import { lmqttVersion } from './version.ts';

/**
 * A gateway that serves, for the registry of the name servers.
 * @param epoch number of its life, higher with each start
 */
export function gatewayRegistration(
  name: string,
  { mqtt = [], mqtts = [], ws = [], wss = [] }: Where,
  epoch: number,
): GatewayRegistration {
  return {
    name,
    addresses: [...mqtt, ...mqtts, ...ws, ...wss].map(reachableAddress),
    version: lmqttVersion(),
    rpcAddress: '',
    epoch,
  };
}
