import { readTlsFiles } from '../gateway/listener/tls-files.ts';
import { aclFrom } from './authorization.ts';
import { type Composition, partOf } from './composition.ts';
import { listenersFrom } from './listeners.ts';
import { scramUsersFrom } from './scram.ts';

/**
 * Reads the files that `connect.conf` and `service.conf` name for a gateway, as its start does: certificates and keys, the
 * access control list, the users of SCRAM. A restart is not to stop what could not start again.
 * @throws ConfigError naming the key and the file that is missing or wrong
 */
export async function checkGatewayFiles(composition: Composition): Promise<void> {
  const { connect, service, listeners } = composition.config;
  const { conf } = composition.directories;
  for (const { tls } of listenersFrom(connect, conf, listeners)) {
    if (tls !== undefined) await readTlsFiles(tls);
  }
  const files = [
    aclFrom(service, conf, partOf(composition, 'acl')),
    scramUsersFrom(service, conf, partOf(composition, 'scram')),
  ];
  for (const file of files) {
    await file?.start();
    await file?.stop();
  }
}
