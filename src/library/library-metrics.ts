import { type Exposition, gatewayExposition } from '../admin/exposition.ts';
import type { Clock } from '../common/clock.ts';
import { EventLoopStalls } from '../common/event-loop-stalls.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';

/** The metrics of a gateway inside a program. Stalls of the event loop are counted from the first look on. */
export class LibraryMetrics {
  readonly #gateway: Gateway;
  readonly #store: LmqStore;
  readonly #stalls: EventLoopStalls;
  #exposition: Exposition | undefined;

  constructor(gateway: Gateway, store: LmqStore, clock: Clock) {
    this.#gateway = gateway;
    this.#store = store;
    this.#stalls = new EventLoopStalls(clock);
  }

  /** In the text form of Prometheus. */
  async render(): Promise<string> {
    this.#exposition ??= await this.#begin();
    return this.#exposition.render();
  }

  async stop(): Promise<void> {
    this.#exposition = undefined;
    await this.#stalls.stop();
  }

  async #begin(): Promise<Exposition> {
    await this.#stalls.start();
    const gateway = this.#gateway;
    const sources = {
      gateway: gateway.stats,
      store: this.#store,
      dirtySessions: () => gateway.dirtySessions,
      namesrvConnections: () => 0,
      stalls: this.#stalls,
    };
    return gatewayExposition(sources, false);
  }
}
