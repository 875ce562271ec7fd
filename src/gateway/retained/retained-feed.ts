import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Cluster } from '../../lmq/spi/cluster.ts';
import type { CommitLog, StateStore } from '../../lmq/spi/lmq-store.ts';
import { type CommitNumber, StateSpace } from '../../lmq/spi/types.ts';
import { OwnWrites } from './own-writes.ts';

export interface RetainedFeedParts {
  readonly cluster: Cluster;
  readonly store: StateStore & Pick<CommitLog, 'onCommit' | 'committed'>;
  /** Takes over what the store has of a topic now. */
  readonly apply: (topic: string, value: Buffer | undefined) => void;
  readonly logger: Logger;
}

/**
 * Retained messages that other gateways write. Where this gateway is writing the same topic at the same time,
 * only the store knows which one was last: it is asked when the own write is durable.
 */
export class RetainedFeed {
  readonly #parts: RetainedFeedParts;
  /** Topics written here. */
  readonly #own = new OwnWrites();
  /** Topics that the store is being asked for → whether to ask again. */
  readonly #contested = new Map<string, boolean>();

  constructor(parts: RetainedFeedParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { cluster, store } = this.#parts;
    store.onCommit((commit) => {
      this.#own.settled(commit);
    });
    await cluster.watchState(StateSpace.RETAINED, (topic, value) => {
      this.#changed(topic, value);
    });
  }

  /** This gateway has written a topic. */
  wrote(topic: string, commit: CommitNumber): void {
    this.#own.wrote(topic, commit);
  }

  #changed(topic: string, value: Buffer | undefined): void {
    const { apply, logger } = this.#parts;
    if (this.#contested.has(topic)) {
      this.#contested.set(topic, true);
    } else if (this.#own.pending(topic) > 0) {
      this.#settle(topic).catch((error: unknown) => {
        this.#contested.delete(topic);
        logger.error({ topic, error: messageOf(error) }, 'reading a retained message failed');
      });
    } else {
      apply(topic, value);
    }
  }

  async #settle(topic: string): Promise<void> {
    const { store, apply } = this.#parts;
    let value: Buffer | undefined;
    do {
      this.#contested.set(topic, false);
      // A commit that fails closes the connections that wrote; what the store has is right all the same.
      const commit = this.#own.pending(topic);
      if (commit > 0) await store.committed(commit).catch(() => undefined);
      value = await store.getState(StateSpace.RETAINED, topic);
    } while (this.#contested.get(topic) === true);
    this.#contested.delete(topic);
    apply(topic, value);
  }
}
