import { ErrorCode, LmqttError } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { parseSharedFilter } from '../../common/topic/shared-filter.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { ClusterGroups } from './cluster-groups.ts';
import { splitUserKey } from './share-user.ts';
import { sharedFiltersOf } from './stored-subscribers.ts';

/** Groups looked at together. */
const GROUPS_AT_ONCE = 64;

export interface GroupSeedsParts {
  readonly stores: Stores;
  readonly logger: Logger;
}

/**
 * Sees to it that a group of stored sessions is in each store that its filter may lie in, whether one of them is
 * connected or not: what is published there counts from then on. Each gateway does so when a store is added and
 * when it starts, in case none was there to do it, or a crash has left it in some of the stores.
 */
export class GroupSeeds {
  readonly #parts: GroupSeedsParts;

  constructor(parts: GroupSeedsParts) {
    this.#parts = parts;
  }

  /** Takes groups over that one store has and another one may lack. */
  async sow(from: ClusterGroups, to: ClusterGroups, lane: Lane): Promise<void> {
    const { spread } = this.#parts.stores;
    const lacking: (readonly [string, readonly string[]])[] = [];
    for (const [key, users] of from.users.stored()) {
      const filter = parseSharedFilter(key)?.filter;
      if (filter === undefined || !spread.lanesOfFilter(filter).includes(lane)) continue;
      const missing = users.filter((user) => !to.users.has(key, user));
      if (missing.length > 0) lacking.push([key, missing]);
    }
    for (let first = 0; first < lacking.length; first += GROUPS_AT_ONCE) {
      const portion = lacking.slice(first, first + GROUPS_AT_ONCE);
      await Promise.all(portion.map(([key, users]) => this.#seed(to, key, users)));
    }
  }

  async #seed(to: ClusterGroups, key: string, users: readonly string[]): Promise<void> {
    const there: string[] = [];
    for (const user of users) if (await this.#isUser(user)) there.push(user);
    if (there.length > 0) await to.seed(key, there);
  }

  /** It may be about to go; one whose session is being made sees to itself. */
  async #isUser(user: string): Promise<boolean> {
    const { filter, clientId } = splitUserKey(user);
    try {
      return (await sharedFiltersOf(this.#parts.stores, clientId)).includes(filter);
    } catch (error) {
      if (!(error instanceof LmqttError) || error.code !== ErrorCode.STORE_CORRUPT) throw error;
      this.#parts.logger.error({ clientId, error: error.message }, 'a session cannot be read');
      return false;
    }
  }
}
