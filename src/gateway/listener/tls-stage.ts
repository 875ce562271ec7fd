import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../../common/clock.ts';
import { ConfigError, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { TimedTurns } from '../../common/timed-turns.ts';
import type { Peer } from '../connection/byte-stream.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import { hasClientHello } from './client-hello.ts';
import { awaitFirstBytes } from './first-bytes.ts';
import { ClientCertificate, type TlsOptions } from './listener-options.ts';
import { isSameMaterial, readTlsFiles, type TlsMaterial } from './tls-files.ts';

export interface TlsStageOptions {
  readonly tls: TlsOptions;
  /** Time for a handshake, ms. */
  readonly handshakeTimeoutMs: number;
  readonly stats: GatewayStats;
  readonly logger: Logger;
  readonly clock: Clock;
  /** `raw` is the socket below TLS; `peer` is undefined when the socket says all that is known. */
  readonly onSecure: (socket: TLSSocket, raw: Socket, peer: Peer | undefined) => void;
}

/** Time of one turn of the event loop for handshakes, ms; one takes about half a millisecond, with a long key more. */
const HANDSHAKES_MS = 4;

interface Handshake {
  readonly raw: Socket;
  /** Whom the proxy has named. */
  readonly peer: Peer | undefined;
}

/**
 * TLS over sockets that somebody else has accepted. New certificates are taken up while it runs;
 * connections keep what they began with.
 */
export class TlsStage {
  readonly #options: TlsStageOptions;
  /** By their addresses and ports: the server does not say which socket is below. */
  readonly #handshakes = new Map<string, Handshake>();
  readonly #turns: TimedTurns;
  #server: Server | undefined;
  #material: TlsMaterial | undefined;
  #reloadTimer: Timer | undefined;
  #isReading = false;
  #isStopped = false;
  #lastFailure = '';

  constructor(options: TlsStageOptions) {
    this.#options = options;
    this.#turns = new TimedTurns(options.clock, HANDSHAKES_MS);
  }

  /** @throws ConfigError naming the file that is missing or wrong */
  async start(): Promise<void> {
    const { tls, clock } = this.#options;
    const material = await readTlsFiles(tls);
    this.#material = material;
    this.#server = this.#createServer(material);
    this.#reportExpiry(material);
    if (tls.reloadIntervalMs > 0) {
      this.#reloadTimer = clock.every(tls.reloadIntervalMs, () => {
        void this.reload();
      });
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#reloadTimer?.cancel();
    this.#reloadTimer = undefined;
  }

  /**
   * Waits for the ClientHello and begins the handshake, in a turn that has time for it: all clients come at once when a
   * network or a gateway is there again (ADR 931). @param peer whom the proxy has named
   */
  accept(socket: Socket, peer: Peer | undefined): void {
    const key = connectionKey(socket);
    let hasBegun = false;
    this.#handshakes.set(key, { raw: socket, peer });
    socket.once('close', () => {
      if (this.#handshakes.get(key)?.raw === socket) this.#handshakes.delete(key);
      if (!hasBegun) this.#failed(socket, 'closed before the handshake');
    });
    // A peer that ends within the handshake is to be closed at once; the TLS socket begins with the same.
    socket.allowHalfOpen = false;
    awaitFirstBytes(socket, hasClientHello, (received) => {
      socket.unshift(received);
      this.#turns.share(() => {
        if (socket.destroyed) return;
        hasBegun = true;
        this.#server?.emit('connection', socket);
      });
    });
  }

  /** Reads the files again; new handshakes use them when they are good, else the old ones stay. */
  async reload(): Promise<void> {
    const { tls, logger } = this.#options;
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      const material = await readTlsFiles(tls);
      if (this.#isStopped) return;
      if (this.#material !== undefined && isSameMaterial(material, this.#material)) return;
      this.#server?.setSecureContext(contextOptions(tls, material));
      this.#material = material;
      this.#lastFailure = '';
      logger.info({ validTo: material.certificate.validTo }, 'TLS certificate reloaded');
      this.#reportExpiry(material);
    } catch (error) {
      // Nobody serves them any more.
      if (this.#isStopped) return;
      // Told once: the files are looked at again and again.
      const failure = messageOf(error);
      if (failure !== this.#lastFailure) {
        logger.error({ error: failure }, 'the new TLS certificate is refused, the old one stays');
      }
      this.#lastFailure = failure;
    } finally {
      this.#isReading = false;
    }
  }

  #createServer(material: TlsMaterial): Server {
    const { tls, handshakeTimeoutMs } = this.#options;
    try {
      const server = createServer({
        ...contextOptions(tls, material),
        requestCert: tls.clientCertificate !== ClientCertificate.NONE,
        // OPTIONAL lets in who presents none; who presents a bad one is refused below.
        rejectUnauthorized: tls.clientCertificate === ClientCertificate.REQUIRED,
        handshakeTimeout: handshakeTimeoutMs,
      });
      server.on('secureConnection', (socket) => {
        this.#secured(socket);
      });
      server.on('tlsClientError', (error, socket) => {
        this.#failed(socket, messageOf(error));
      });
      return server;
    } catch (error) {
      throw new ConfigError(
        `TLS cannot be set up with sslServerCertFile ${tls.sslServerCertFile}: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  #secured(socket: TLSSocket): void {
    const key = connectionKey(socket);
    const handshake = this.#handshakes.get(key);
    this.#handshakes.delete(key);
    if (handshake === undefined) {
      socket.destroy();
      return;
    }
    // As with plain TCP: what the peer sent before its end is handled.
    socket.allowHalfOpen = true;
    const { raw, peer } = handshake;
    const { clientCertificate } = this.#options.tls;
    const certificate =
      clientCertificate === ClientCertificate.NONE ? undefined : socket.getPeerX509Certificate();
    if (certificate === undefined) this.#options.onSecure(socket, raw, peer);
    else this.#certified(socket, raw, peer);
  }

  /** The client has presented a certificate. */
  #certified(socket: TLSSocket, raw: Socket, proxied: Peer | undefined): void {
    const { tls, onSecure } = this.#options;
    if (!socket.authorized) {
      this.#failed(socket, `client certificate refused: ${String(socket.authorizationError)}`);
      return;
    }
    if (!tls.usernameFromCertificate) {
      onSecure(socket, raw, proxied);
      return;
    }
    // An array when there are several: then it is not clear which one the CA has meant.
    const commonName: unknown = socket.getPeerCertificate().subject.CN;
    if (typeof commonName !== 'string' || commonName === '') {
      this.#failed(socket, 'the client certificate has no common name, or several');
      return;
    }
    const address = proxied?.address ?? socket.remoteAddress ?? '';
    const port = proxied?.port ?? socket.remotePort ?? 0;
    onSecure(socket, raw, { address, port, certificateCommonName: commonName });
  }

  #failed(socket: Socket, reason: string): void {
    const { stats, logger } = this.#options;
    stats.tlsErrors++;
    logger.debug({ peer: socket.remoteAddress, reason }, 'TLS handshake failed');
    socket.destroy();
  }

  #reportExpiry({ certificate }: TlsMaterial): void {
    const { logger, clock, tls } = this.#options;
    if (new Date(certificate.validTo).getTime() > clock.now()) return;
    const { validTo } = certificate;
    logger.warn({ file: tls.sslServerCertFile, validTo }, 'the TLS certificate has expired');
  }
}

/** Everything, because `setSecureContext` forgets what it is not told again. */
function contextOptions(tls: TlsOptions, material: TlsMaterial): SecureContextOptions {
  return {
    cert: material.cert,
    key: material.key,
    minVersion: tls.minVersion,
    ...(material.ca === undefined ? {} : { ca: material.ca }),
    ...(tls.sslServerKeyPassword === undefined ? {} : { passphrase: tls.sslServerKeyPassword }),
    ...(tls.ciphers === undefined ? {} : { ciphers: tls.ciphers }),
  };
}

/** The same for a socket and the TLS socket over it, and of no other that is open. */
function connectionKey(socket: Socket): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return [remoteAddress, remotePort, localAddress, localPort].join('|');
}
