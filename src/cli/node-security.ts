import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError, messageOf } from '../common/errors.ts';
import type { RpcCredentials, RpcTls } from '../rpc/credentials.ts';
import type { ClusterConf } from './config/cluster-conf.ts';
import { isLoopback } from './listen-addresses.ts';

const TLS_KEYS = ['tlsCaFile', 'tlsCertFile', 'tlsKeyFile'] as const;

/**
 * How this node and the others know each other.
 * @param confDirectory where relative names of files begin
 * @throws ConfigError when keys contradict each other, or a file cannot be read or is empty
 */
export function nodeCredentialsFrom(
  cluster: Readonly<ClusterConf>,
  confDirectory: string,
): RpcCredentials {
  const tls = tlsFrom(cluster, confDirectory);
  const token = tokenFrom(cluster, confDirectory);
  return { ...(tls === undefined ? {} : { tls }), ...(token === undefined ? {} : { token }) };
}

/**
 * Refuses to serve nodes of other machines when any machine could do as if it were one.
 * @param key file and key that `host` is from, for the message
 * @throws ConfigError unless there is TLS or a token, the host is loopback, or `insecure` is set
 */
export function refuseOpenHost(
  { insecure }: Pick<ClusterConf, 'insecure'>,
  { tls, token }: RpcCredentials,
  host: string,
  key: string,
): void {
  if (insecure || tls !== undefined || token !== undefined || isLoopback(host)) return;
  throw new ConfigError(
    `${key} ${host} is not loopback and the nodes of the cluster do not know each other: ` +
      'set tlsCaFile, tlsCertFile and tlsKeyFile, or tokenFile, in cluster.conf, or insecure = true',
  );
}

function tlsFrom(cluster: Readonly<ClusterConf>, confDirectory: string): RpcTls | undefined {
  const missing = TLS_KEYS.filter((key) => cluster[key] === '');
  if (missing.length === TLS_KEYS.length) return undefined;
  const [first] = missing;
  if (first !== undefined) {
    throw new ConfigError(
      `cluster.conf: TLS needs ${TLS_KEYS.join(', ')}, and ${first} is not set`,
    );
  }
  const read = (key: (typeof TLS_KEYS)[number]): Buffer =>
    readKeyFile(confDirectory, cluster[key], key);
  return { ca: read('tlsCaFile'), cert: read('tlsCertFile'), key: read('tlsKeyFile') };
}

function tokenFrom(
  { token, tokenFile }: Pick<ClusterConf, 'token' | 'tokenFile'>,
  confDirectory: string,
): string | undefined {
  if (tokenFile === '') return token === '' ? undefined : token;
  if (token !== '') throw new ConfigError('cluster.conf: token and tokenFile are both set');
  const secret = readKeyFile(confDirectory, tokenFile, 'tokenFile').toString('utf8').trim();
  if (secret === '') throw new ConfigError(`cluster.conf: tokenFile ${tokenFile} is empty`);
  return secret;
}

function readKeyFile(confDirectory: string, file: string, key: string): Buffer {
  const path = resolve(confDirectory, file);
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigError(`cluster.conf: ${key} ${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
