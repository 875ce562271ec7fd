import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findProgram } from './peers/program.ts';
import type { Certificate } from './peers/peer.ts';

/**
 * A self-signed certificate (ECDSA, P-256) for one run of the benchmark, its files in `dir`; undefined
 * when there is no `openssl` to make it.
 */
export function makeCertificate(dir: string): Certificate | undefined {
  const program = findProgram('openssl');
  if (program === undefined) return undefined;
  const certFile = join(dir, 'cert.pem');
  const keyFile = join(dir, 'key.pem');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const subject = ['-subj', '/CN=localhost', '-days', '2'];
  execFileSync(
    program,
    ['req', '-x509', ...key, '-keyout', keyFile, '-out', certFile, ...subject],
    { stdio: 'ignore' },
  );
  return { certFile, keyFile };
}
