import { silentLogger } from '../../../../src/common/logger.ts';
import {
  TopicMetadata,
  type TopicMetadataOptions,
} from '../../../../src/gateway/routing/topic-metadata.ts';
import { FakeFilters, FakeKv, StillClock } from './topic-metadata-fixtures.ts';

/** Options with which nothing is created by use. */
export const closed = { autoCreateTopic: false, autoCreateWildcard: false } as const;

/** The metadata of one gateway, with what it writes to. */
export class TestedTopics {
  readonly kv: FakeKv = new FakeKv();
  readonly filters: FakeFilters = new FakeFilters();
  readonly clock: StillClock = new StillClock();
  /** Warnings and errors. */
  readonly logged: string[] = [];
  /** How often listeners were told. */
  changes = 0;
  #metadata: TopicMetadata | undefined;

  get metadata(): TopicMetadata {
    if (this.#metadata === undefined) throw new Error('not started');
    return this.#metadata;
  }

  /** In place of what was started before, if anything. */
  async start(options: Partial<TopicMetadataOptions> = {}): Promise<void> {
    const { kv, filters, clock } = this;
    const log = (_fields: object, message: string): unknown => this.logged.push(message);
    this.#metadata = new TopicMetadata({
      kv,
      filters,
      clock,
      autoCreateTopic: true,
      autoCreateWildcard: true,
      logger: { ...silentLogger, warn: log, error: log },
      ...options,
    });
    this.metadata.onChange(() => this.changes++);
    await this.metadata.start();
    kv.writes.length = 0;
  }

  async stop(): Promise<void> {
    this.kv.refusal = undefined;
    await this.metadata.stop();
  }

  /** Lets what is due be written. */
  async settle(): Promise<void> {
    this.clock.fire();
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
  }

  lists(): Record<string, string> {
    return Object.fromEntries(this.kv.list('LMQ'));
  }

  /** What mqadmin does. */
  async mqadmin(key: string, value: string): Promise<void> {
    await this.kv.put('LMQ', key, value);
  }
}
