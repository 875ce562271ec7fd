import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError, messageOf } from '../../common/errors.ts';
import type { TlsFileNames } from './listener-options.ts';

/** What the files hold, checked. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
  readonly certificate: X509Certificate;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads certificate, key and CA and checks that they fit.
 * @throws ConfigError naming the option and the file
 */
export async function readTlsFiles(names: TlsFileNames): Promise<TlsMaterial> {
  const { sslServerCertFile, sslServerKeyFile, sslCaCertFile } = names;
  const cert = await readOption('sslServerCertFile', sslServerCertFile);
  const key = await readOption('sslServerKeyFile', sslServerKeyFile);
  const ca =
    sslCaCertFile === undefined ? undefined : await readOption('sslCaCertFile', sslCaCertFile);
  const certificate = certificatesIn(cert, 'sslServerCertFile', sslServerCertFile)[0];
  const privateKey = privateKeyIn(key, names);
  if (certificate?.checkPrivateKey(privateKey) !== true) {
    throw new ConfigError(
      `sslServerKeyFile ${sslServerKeyFile}: is not the key of the certificate in sslServerCertFile ${sslServerCertFile}`,
    );
  }
  if (ca !== undefined) certificatesIn(ca, 'sslCaCertFile', sslCaCertFile ?? '');
  return { cert, key, ca, certificate };
}

/** Whether both are byte for byte the same. */
export function isSameMaterial(a: TlsMaterial, b: TlsMaterial): boolean {
  const isSameCa = a.ca === undefined ? b.ca === undefined : b.ca?.equals(a.ca) === true;
  return isSameCa && a.cert.equals(b.cert) && a.key.equals(b.key);
}

async function readOption(option: string, path: string): Promise<Buffer> {
  if (path === '') throw new ConfigError(`${option} is not set, and TLS needs it`);
  try {
    return await readFile(path);
  } catch (error) {
    throw new ConfigError(`${option} ${path}: cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function certificatesIn(pem: Buffer, option: string, path: string): X509Certificate[] {
  const blocks = pem.toString('latin1').match(PEM_CERTIFICATE);
  if (blocks === null) throw new ConfigError(`${option} ${path}: holds no certificate in PEM form`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new ConfigError(`${option} ${path}: holds no valid certificate: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function privateKeyIn(pem: Buffer, names: TlsFileNames): KeyObject {
  const { sslServerKeyFile: path, sslServerKeyPassword: passphrase } = names;
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    throw new ConfigError(
      `sslServerKeyFile ${path}: holds no usable private key: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
