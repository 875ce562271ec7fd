import type { Broker } from './broker.ts';

const INTERVAL_MS = 50;

/** Follows the resident memory of a server. */
export class RssProbe {
  readonly #timer: NodeJS.Timeout;
  /** Highest value seen, bytes. */
  peak = 0;

  constructor(broker: Broker) {
    this.#timer = setInterval(() => {
      if (broker.alive) this.peak = Math.max(this.peak, broker.rssBytes);
    }, INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Bytes as whole mebibytes, for messages. */
export function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
