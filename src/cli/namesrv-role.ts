import { createNamesrvAdmin } from '../admin/node-admin.ts';
import { ConfigError } from '../common/errors.ts';
import { composeNamesrv, type NamesrvForNodes } from './compose-namesrv.ts';
import { type Composition, partOf, type Role } from './composition.ts';
import { addressText } from './listen-addresses.ts';
import { nodeCredentialsFrom, refuseOpenHost } from './node-security.ts';
import { ServiceGroup } from './service-group.ts';
import { adminOptionsFrom } from './standalone-options.ts';

/**
 * A name server for stores and gateways of other processes.
 * @throws ConfigError when the configuration contradicts itself, or would let everybody in
 */
export function createNamesrvRole(composition: Composition): Role {
  const { config } = composition;
  const namesrv = composeNamesrv(composition, forNodesFrom(composition));
  const admin = config.namesrv.enablePrometheus
    ? createNamesrvAdmin({
        ...adminOptionsFrom(config.namesrv),
        namesrv: namesrv.namesrv,
        ...partOf(composition, 'admin'),
      })
    : undefined;
  const services = [
    ...namesrv.services,
    ...(admin === undefined ? [] : [{ name: 'metrics', service: admin }]),
  ];
  const group = new ServiceGroup(services, composition, config.namesrv.stopTimeoutMs);
  return {
    start: () => group.start(),
    stop: () => group.stop(),
    where: () => ({
      ...namesrv.where(),
      metrics: admin && addressText(config.namesrv.exporterHost, admin.port),
    }),
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
