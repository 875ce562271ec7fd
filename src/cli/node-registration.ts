import type { Service } from '../common/lifecycle.ts';
import type { TopicMetadata } from '../gateway/routing/topic-metadata.ts';

/** Keeps the gateway's address in LMQ_CONNECT_NODES from its start to its stop. */
export class NodeRegistration implements Service {
  readonly #metadata: TopicMetadata;
  readonly #addressOf: () => string;
  #address: string | undefined;

  /** @param addressOf asked at the start, when the gateway listens */
  constructor(metadata: TopicMetadata, addressOf: () => string) {
    this.#metadata = metadata;
    this.#addressOf = addressOf;
  }

  async start(): Promise<void> {
    this.#address = this.#addressOf();
    await this.#metadata.registerNode(this.#address);
  }

  async stop(): Promise<void> {
    if (this.#address === undefined) return;
    await this.#metadata.unregisterNode(this.#address);
    this.#address = undefined;
  }
}
