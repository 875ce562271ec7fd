import type { Socket } from 'node:net';
import type * as netKeepAlive from 'net-keepalive';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { TcpKeepAliveOptions } from '../options.ts';

type NetKeepAlive = typeof netKeepAlive;

/**
 * Probe interval, probe count and user timeout of accepted sockets, through the optional native package
 * `net-keepalive`. Without it the system's values hold, which is logged once.
 */
export class TcpKeepAlive {
  readonly #options: TcpKeepAliveOptions;
  readonly #logger: Logger;
  #library: NetKeepAlive | undefined;

  constructor(options: TcpKeepAliveOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
  }

  /** True when sockets get their values. */
  get available(): boolean {
    return this.#library !== undefined;
  }

  async load(): Promise<void> {
    const { intervalSeconds, probes, userTimeoutMs } = this.#options;
    if (intervalSeconds === 0 && probes === 0 && userTimeoutMs === 0) return;
    try {
      const module = (await import('net-keepalive')) as NetKeepAlive & { default?: NetKeepAlive };
      this.#library = module.default ?? module;
    } catch (error) {
      this.#logger.warn(
        { error: messageOf(error) },
        'package net-keepalive is not usable: TCP keep-alive interval, probes and user timeout are the system defaults',
      );
    }
  }

  apply(socket: Socket): void {
    const library = this.#library;
    if (library === undefined) return;
    const { intervalSeconds, probes, userTimeoutMs } = this.#options;
    try {
      if (intervalSeconds > 0) library.setKeepAliveInterval(socket, intervalSeconds * 1000);
      if (probes > 0) library.setKeepAliveProbes(socket, probes);
      if (userTimeoutMs > 0) library.setUserTimeout(socket, userTimeoutMs);
    } catch (error) {
      // A peer that has gone already leaves no descriptor; anything else would fail for every socket.
      if (socket.destroyed) return;
      this.#library = undefined;
      this.#logger.warn(
        { error: messageOf(error) },
        'setting TCP keep-alive failed, not tried again',
      );
    }
  }
}
