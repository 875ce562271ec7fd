import { commitSuite } from './lmq-store/commits.suite.ts';
import type { StoreFactory } from './lmq-store/harness.ts';
import { queueSuite } from './lmq-store/queues.suite.ts';
import { reopeningSuite } from './lmq-store/reopening.suite.ts';
import { tableSuite } from './lmq-store/tables.suite.ts';

export interface Capabilities {
  /** Data outlives the store: `reopen` exists. */
  readonly persists: boolean;
  /**
   * The store is behind a server: it announces the queues that are open, keeps state spaces of its own, and
   * tells its figures now and then.
   */
  readonly isRemote?: boolean;
}

/** What `src/lmq/spi` promises, for any implementation. */
export function lmqStoreSuite(
  name: string,
  factory: StoreFactory,
  capabilities: Capabilities,
): void {
  describe(`LmqStore: ${name}`, () => {
    const isRemote = capabilities.isRemote === true;
    commitSuite(factory, isRemote);
    queueSuite(factory);
    tableSuite(factory, isRemote);
    if (capabilities.persists) reopeningSuite(factory);
  });
}
