import { commitSuite } from './lmq-store/commits.suite.ts';
import type { StoreFactory } from './lmq-store/harness.ts';
import { pullSuite } from './lmq-store/pull.suite.ts';
import { boundsSuite } from './lmq-store/queue-bounds.suite.ts';
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
  /** Titles of tests of what holds in one store only, and not in several as one; each has to exist. */
  readonly excluded?: readonly string[];
}

/** Enough for several stores and servers on a machine that has other work. */
const TIMEOUT_MS = 20_000;

/** What `src/lmq/spi` promises, for any implementation. */
export function lmqStoreSuite(
  name: string,
  factory: StoreFactory,
  capabilities: Capabilities,
): void {
  describe(`LmqStore: ${name}`, () => {
    const isRemote = capabilities.isRemote === true;
    excludeTests(capabilities.excluded ?? []);
    commitSuite(factory, isRemote);
    queueSuite(factory);
    boundsSuite(factory);
    pullSuite(factory);
    tableSuite(factory, isRemote);
    if (capabilities.persists) reopeningSuite(factory);
  }).timeout(TIMEOUT_MS);
}

function excludeTests(titles: readonly string[]): void {
  before(function () {
    const known = titlesOf(this.test?.parent);
    const missing = titles.filter((title) => !known.includes(title));
    if (missing.length > 0) throw new Error(`no such tests: ${missing.join(', ')}`);
  });
  beforeEach(function () {
    if (titles.includes(this.currentTest?.title ?? '')) this.skip();
  });
}

function titlesOf(suite: Mocha.Suite | undefined): string[] {
  if (suite === undefined) return [];
  return [...suite.tests.map(({ title }) => title), ...suite.suites.flatMap(titlesOf)];
}
