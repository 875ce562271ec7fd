import { commitSuite } from './lmq-store/commits.suite.ts';
import type { StoreFactory } from './lmq-store/harness.ts';
import { queueSuite } from './lmq-store/queues.suite.ts';
import { reopeningSuite } from './lmq-store/reopening.suite.ts';
import { tableSuite } from './lmq-store/tables.suite.ts';

export interface Capabilities {
  /** Data outlives the store: `reopen` exists. */
  readonly persists: boolean;
}

/** What `src/lmq/spi` promises, for any implementation. */
export function lmqStoreSuite(
  name: string,
  factory: StoreFactory,
  capabilities: Capabilities,
): void {
  describe(`LmqStore: ${name}`, () => {
    commitSuite(factory);
    queueSuite(factory);
    tableSuite(factory);
    if (capabilities.persists) reopeningSuite(factory);
  });
}
