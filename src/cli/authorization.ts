import { resolve } from 'node:path';
import { AclFile } from '../auth/acl/acl-file.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { ServiceConf } from './config/service-conf.ts';

/**
 * The access control list that `service.conf` names; undefined when everything is allowed.
 * @param confDirectory where a relative name begins
 */
export function aclFrom(
  service: Pick<ServiceConf, 'aclFile' | 'aclReloadIntervalSeconds'>,
  confDirectory: string,
  parts: { readonly logger: Logger; readonly clock: Clock },
): AclFile | undefined {
  if (service.aclFile === '') return undefined;
  return new AclFile({
    file: resolve(confDirectory, service.aclFile),
    reloadIntervalMs: service.aclReloadIntervalSeconds * 1000,
    ...parts,
  });
}
