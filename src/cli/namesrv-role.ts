import { ConfigError } from '../common/errors.ts';
import { composeNamesrv, type NamesrvForNodes } from './compose-namesrv.ts';
import type { Composition, Role } from './composition.ts';
import { nodeCredentialsFrom, refuseOpenHost } from './node-security.ts';
import { ServiceGroup } from './service-group.ts';

/**
 * A name server for stores and gateways of other processes.
 * @throws ConfigError when the configuration contradicts itself, or would let everybody in
 */
export function createNamesrvRole(composition: Composition): Role {
  const { config, clock } = composition;
  const namesrv = composeNamesrv(composition, forNodesFrom(composition));
  const group = new ServiceGroup(namesrv.services, clock, config.namesrv.stopTimeoutMs);
  return {
    start: () => group.start(),
    stop: () => group.stop(),
    where: () => namesrv.where(),
  };
}

function forNodesFrom({ config, directories }: Composition): NamesrvForNodes {
  const { rpcHost, rpcPort, registrationRenewMs, registrationExpiryMs } = config.namesrv;
  const credentials = nodeCredentialsFrom(config.cluster, directories.conf);
  refuseOpenHost(config.cluster, credentials, rpcHost, 'namesrv.conf: rpcHost');
  if (registrationRenewMs >= registrationExpiryMs) {
    throw new ConfigError(
      `namesrv.conf: registrationExpiryMs ${registrationExpiryMs} is not more than registrationRenewMs ${registrationRenewMs}`,
    );
  }
  return {
    rpc: { host: rpcHost, port: rpcPort, credentials },
    registry: { renewAfterMs: registrationRenewMs, leaseMs: registrationExpiryMs },
  };
}
