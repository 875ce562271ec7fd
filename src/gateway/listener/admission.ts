import { ReasonCode } from '../codec/reason-code.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { ConnectionLimiter } from './connection-limiter.ts';

/** What connections are counted by. */
export interface ConnectionCounts {
  readonly limiter: ConnectionLimiter;
  /** Whether there is room for one more. */
  readonly hasRoom: () => boolean;
}

/**
 * Lets the connections of one listener in, or says with which reason code they are refused: by the
 * limits of the gateway, which all listeners share, and by those of the listener.
 */
export class Admission {
  readonly #shared: ConnectionCounts;
  readonly #limiter: ConnectionLimiter | undefined;
  readonly #maxConnections: number;
  readonly #stats: GatewayStats;
  #open = 0;

  /** @param maxConnections of the listener; 0 = no limit of its own */
  constructor(
    shared: ConnectionCounts,
    limiter: ConnectionLimiter | undefined,
    maxConnections: number,
    stats: GatewayStats,
  ) {
    this.#shared = shared;
    this.#limiter = limiter;
    this.#maxConnections = maxConnections;
    this.#stats = stats;
  }

  /** Whether a connection that was let in has to be given back with `leave` when it ends. */
  get counts(): boolean {
    return (
      this.#maxConnections > 0 ||
      this.#shared.limiter.countsAddresses ||
      this.#limiter?.countsAddresses === true
    );
  }

  /** At accept, before anything is read: the reason code of a refusal, undefined when it may come in. */
  admit(): ReasonCode | undefined {
    if (!this.#shared.limiter.takeRate() || this.#limiter?.takeRate() === false) {
      this.#stats.connectionsRefusedByRate++;
      return ReasonCode.CONNECTION_RATE_EXCEEDED;
    }
    const isFull = this.#maxConnections > 0 && this.#open >= this.#maxConnections;
    if (isFull || !this.#shared.hasRoom()) {
      this.#stats.connectionsRefused++;
      return ReasonCode.QUOTA_EXCEEDED;
    }
    return undefined;
  }

  /** Counts a connection that has been admitted. */
  enter(): void {
    this.#open++;
  }

  leave(): void {
    this.#open--;
  }

  /** Once the client's address is known; the reason code of a refusal, else undefined and `leaveAddress` follows. */
  enterAddress(address: string): ReasonCode | undefined {
    const { limiter } = this.#shared;
    const isCounted = limiter.countsAddresses;
    if (isCounted && !limiter.enter(address)) return this.#refuseAddress();
    if (this.#limiter?.countsAddresses !== true || this.#limiter.enter(address)) return undefined;
    if (isCounted) limiter.leave(address);
    return this.#refuseAddress();
  }

  leaveAddress(address: string): void {
    const { limiter } = this.#shared;
    if (limiter.countsAddresses) limiter.leave(address);
    if (this.#limiter?.countsAddresses === true) this.#limiter.leave(address);
  }

  #refuseAddress(): ReasonCode {
    this.#stats.connectionsRefusedByIp++;
    return ReasonCode.QUOTA_EXCEEDED;
  }
}
