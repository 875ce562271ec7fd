import { type Exposition, gatewayExposition } from '../admin/exposition.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';

/** The metrics of a gateway inside a program. Stalls of the event loop are counted from the first look on, or with `$SYS` topics. */
export class LibraryMetrics {
  readonly #gateway: Gateway;
  readonly #store: LmqStore;
  #isCounting = false;
  #exposition: Exposition | undefined;

  constructor(gateway: Gateway, store: LmqStore) {
    this.#gateway = gateway;
    this.#store = store;
  }

  /** In the text form of Prometheus. */
  async render(): Promise<string> {
    this.#exposition ??= await this.#begin();
    return this.#exposition.render();
  }

  async stop(): Promise<void> {
    this.#exposition = undefined;
    if (!this.#isCounting) return;
    this.#isCounting = false;
    await this.#gateway.stalls.stop();
  }

  async #begin(): Promise<Exposition> {
    const gateway = this.#gateway;
    const { stalls } = gateway;
    if (!this.#isCounting) {
      this.#isCounting = true;
      await stalls.start();
    }
    const sources = {
      gateway: gateway.stats,
      store: this.#store,
      dirtySessions: () => gateway.dirtySessions,
      namesrvConnections: () => 0,
      stalls,
    };
    return gatewayExposition(sources, false);
  }
}
