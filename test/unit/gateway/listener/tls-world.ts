import { expect } from 'chai';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { type Logger, silentLogger } from '../../../../src/common/logger.ts';
import {
  ClientCertificate,
  type TlsOptions,
} from '../../../../src/gateway/listener/listener-options.ts';
import { type CertificateFiles, TestAuthority } from '../../../helpers/certificates.ts';
import { within } from '../../../helpers/eventually.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { ListenerWorld } from './listener-world.ts';

/** Listeners for TLS with certificates of an authority of their own, and their clients. */
export class TlsWorld {
  readonly directory: string;
  readonly authority: TestAuthority;
  readonly server: CertificateFiles;
  readonly other: CertificateFiles;
  /** What has been logged. */
  readonly lines: string[] = [];
  readonly logger: Logger;
  readonly #listeners: ListenerWorld[] = [];
  readonly #sockets: TLSSocket[] = [];

  static async create(): Promise<TlsWorld> {
    return new TlsWorld(await makeTempDir());
  }

  private constructor(directory: string) {
    this.directory = directory;
    this.authority = new TestAuthority(directory);
    this.server = this.authority.server();
    this.other = this.authority.server('other');
    const note = (_fields: object, message: string): void => void this.lines.push(message);
    this.logger = { ...silentLogger, info: note, warn: note, error: note };
  }

  /** After each test. */
  clear(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
    for (const listener of this.#listeners.splice(0)) listener.stop();
    this.lines.length = 0;
  }

  remove(): Promise<void> {
    return removeTempDir(this.directory);
  }

  options(options: Partial<TlsOptions>): TlsOptions {
    return {
      sslServerCertFile: this.server.cert,
      sslServerKeyFile: this.server.key,
      clientCertificate: ClientCertificate.NONE,
      minVersion: 'TLSv1.2',
      ciphers: undefined,
      usernameFromCertificate: false,
      reloadIntervalMs: 0,
      ...options,
    };
  }

  async started(options: Partial<TlsOptions> = {}): Promise<ListenerWorld> {
    const made = this.#made(options);
    await made.listener.start();
    return made;
  }

  dial(to: ListenerWorld, options: ConnectionOptions = {}): TLSSocket {
    const ca = readFileSync(this.authority.caFile);
    const where = { host: '127.0.0.1', port: to.port, servername: 'localhost' };
    const socket = connectTls({ ...where, ca, ...options });
    socket.on('error', () => undefined);
    this.#sockets.push(socket);
    return socket;
  }

  /** True when bytes come back, false when the connection is closed. */
  async isServed(socket: TLSSocket): Promise<boolean> {
    const served = once(socket, 'data').then(
      () => true,
      () => false,
    );
    const closed = once(socket, 'close').then(
      () => false,
      () => false,
    );
    socket.write('x');
    return within('an answer', 3000, Promise.race([served, closed]));
  }

  /** What a listener with these options fails with at its start. */
  async failureOf(options: Partial<TlsOptions>): Promise<Error> {
    return this.#made(options)
      .listener.start()
      .then(
        () => expect.fail('it listens'),
        (error: unknown) => error as Error,
      );
  }

  #made(options: Partial<TlsOptions>): ListenerWorld {
    const made = new ListenerWorld({ tls: this.options(options) }, { logger: this.logger });
    this.#listeners.push(made);
    return made;
  }
}
