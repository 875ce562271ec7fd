import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const DAYS = ['-days', '2'];

/** A certificate and its key, in PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of its own in a directory that the caller removes; made with `openssl`. */
export class TestAuthority {
  readonly #directory: string;
  #count = 0;

  /** @param name common name of the authority */
  constructor(directory: string, name = 'lmqtt test CA') {
    this.#directory = directory;
    openssl('req', '-x509', ...NEW_KEY, ...DAYS, '-subj', `/CN=${name}`, ...this.#out('ca'));
  }

  /** The authority's own certificate. */
  get caFile(): string {
    return join(this.#directory, 'ca.crt');
  }

  /** A certificate for a server at localhost and 127.0.0.1. */
  server(name = 'localhost'): CertificateFiles {
    return this.#issue(`/CN=${name}`, 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  }

  /** @param subject of the certificate, as `openssl req -subj` takes it */
  client(subject: string): CertificateFiles {
    return this.#issue(subject, 'extendedKeyUsage=clientAuth');
  }

  #issue(subject: string, extension: string): CertificateFiles {
    const stem = `certificate-${String(++this.#count)}`;
    const path = (ending: string): string => join(this.#directory, `${stem}.${ending}`);
    writeFileSync(path('ext'), `${extension}\n`);
    const key = ['-keyout', path('key')];
    openssl('req', ...NEW_KEY, '-subj', subject, ...key, '-out', path('csr'));
    const authority = ['-CA', this.caFile, '-CAkey', join(this.#directory, 'ca.key')];
    const request = ['-req', '-in', path('csr'), '-out', path('crt'), '-extfile', path('ext')];
    openssl('x509', ...request, ...authority, '-CAcreateserial', ...DAYS);
    return { cert: path('crt'), key: path('key') };
  }

  #out(stem: string): string[] {
    const path = join(this.#directory, stem);
    return ['-keyout', `${path}.key`, '-out', `${path}.crt`];
  }
}

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
