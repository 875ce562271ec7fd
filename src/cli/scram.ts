import { resolve } from 'node:path';
import { ScramUsers } from '../auth/scram/scram-users.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';
import type { ServiceConf } from './config/service-conf.ts';

/**
 * The users that `service.conf` names; undefined when there is no enhanced authentication.
 * @param confDirectory where a relative name begins
 */
export function scramUsersFrom(
  service: Pick<ServiceConf, 'scramUsersFile'>,
  confDirectory: string,
  parts: { readonly logger: Logger; readonly clock: Clock },
): ScramUsers | undefined {
  if (service.scramUsersFile === '') return undefined;
  return new ScramUsers({ path: resolve(confDirectory, service.scramUsersFile), ...parts });
}
