import { readFile } from 'node:fs/promises';
import { messageOf } from '../../common/errors.ts';
import type { RpcCredentials } from '../../rpc/credentials.ts';
import type { AdminArguments, AdminOption } from './admin-command.ts';
import { NamesrvFailure } from './namesrv-cluster.ts';

/** Of commands that ask the stores over gRPC. */
export const CREDENTIAL_OPTIONS: readonly AdminOption[] = [
  { flags: '--tokenFile <file>', description: 'token of the cluster, as in cluster.conf' },
  { flags: '--tlsCaFile <file>', description: 'with the two below: TLS, as in cluster.conf' },
  { flags: '--tlsCertFile <file>', description: 'certificate to show the stores' },
  { flags: '--tlsKeyFile <file>', description: 'its private key' },
];

/** @throws NamesrvFailure (rejection) when a file cannot be read, or one of three is missing */
export async function credentialsOf(args: AdminArguments): Promise<RpcCredentials> {
  const { tokenFile, tlsCaFile, tlsCertFile, tlsKeyFile } = args;
  const token = tokenFile === undefined ? undefined : (await contentsOf(tokenFile)).toString();
  if (tlsCaFile === undefined || tlsCertFile === undefined || tlsKeyFile === undefined) {
    if ((tlsCaFile ?? tlsCertFile ?? tlsKeyFile) !== undefined) {
      throw new NamesrvFailure(['TLS needs --tlsCaFile, --tlsCertFile and --tlsKeyFile']);
    }
    return { token: token?.trim() };
  }
  const tls = {
    ca: await contentsOf(tlsCaFile),
    cert: await contentsOf(tlsCertFile),
    key: await contentsOf(tlsKeyFile),
  };
  return { token: token?.trim(), tls };
}

async function contentsOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new NamesrvFailure([`cannot read ${path}: ${messageOf(error)}`]);
  }
}
