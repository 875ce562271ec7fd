import { parseSharedFilter, sharedFilterText } from '../../common/topic/shared-filter.ts';
import type { Cluster } from '../../lmq/spi/cluster.ts';
import type { StateStore } from '../../lmq/spi/lmq-store.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import { isNodeUser, nodeUserKey, splitUserKey, userKey } from './share-user.ts';

/** Who subscribes the shared groups of a store with several gateways: stored sessions, and gateways with members. */
export class ShareUsers {
  readonly #cluster: Cluster;
  readonly #store: StateStore;
  /** Group → user keys. */
  readonly #users = new Map<string, Set<string>>();

  constructor(cluster: Cluster, store: StateStore) {
    this.#cluster = cluster;
    this.#store = store;
  }

  async start(): Promise<void> {
    await this.#cluster.watchState(StateSpace.SHARE_MEMBER, (key, value) => {
      this.#note(key, value !== undefined);
    });
    for await (const { key } of this.#store.scanState(StateSpace.SHARE_MEMBER)) {
      this.#note(key, true);
    }
  }

  /** A client with a session that is stored, by the filter that it subscribes. */
  add(filter: string, clientId: string): void {
    this.#put(userKey(filter, clientId));
  }

  delete(filter: string, clientId: string): void {
    this.#delete(userKey(filter, clientId));
  }

  addNode(groupKey: string, nodeId: string): void {
    this.#put(nodeUserKey(groupKey, nodeId));
  }

  deleteNode(groupKey: string, nodeId: string): void {
    this.#delete(nodeUserKey(groupKey, nodeId));
  }

  /** Whether anybody subscribes the group. */
  hasAny(groupKey: string): boolean {
    return this.#users.has(groupKey);
  }

  /** Whether another gateway than this one has members. */
  hasOtherNode(groupKey: string): boolean {
    const own = nodeUserKey(groupKey, this.#cluster.nodeId);
    for (const key of this.#users.get(groupKey) ?? []) {
      if (key !== own && isNodeUser(splitUserKey(key).clientId)) return true;
    }
    return false;
  }

  /** Client ids of the stored sessions. */
  clientIds(groupKey: string): string[] {
    const all = [...(this.#users.get(groupKey) ?? [])].map((key) => splitUserKey(key).clientId);
    return all.filter((clientId) => !isNodeUser(clientId));
  }

  /** Whether a user is known. */
  has(groupKey: string, user: string): boolean {
    return this.#users.get(groupKey)?.has(user) === true;
  }

  /** Whether a gateway has members. */
  hasNode(groupKey: string): boolean {
    for (const key of this.#users.get(groupKey) ?? []) {
      if (isNodeUser(splitUserKey(key).clientId)) return true;
    }
    return false;
  }

  /** User keys of the stored sessions by group. */
  *stored(): Generator<readonly [groupKey: string, users: readonly string[]]> {
    for (const [groupKey, all] of this.#users) {
      const users = [...all].filter((key) => !isNodeUser(splitUserKey(key).clientId));
      if (users.length > 0) yield [groupKey, users];
    }
  }

  #put(key: string): void {
    if (!this.#note(key, true)) return;
    this.#store.putState(StateSpace.SHARE_MEMBER, key, Buffer.alloc(0));
  }

  #delete(key: string): void {
    this.#note(key, false);
    this.#store.deleteState(StateSpace.SHARE_MEMBER, key);
  }

  /** Whether that is new. */
  #note(key: string, isThere: boolean): boolean {
    const share = parseSharedFilter(splitUserKey(key).filter);
    if (share === undefined) return false;
    const groupKey = sharedFilterText(share);
    const users = this.#users.get(groupKey);
    if (!isThere) {
      const wasThere = users?.delete(key) === true;
      if (users?.size === 0) this.#users.delete(groupKey);
      return wasThere;
    }
    if (users?.has(key) === true) return false;
    if (users === undefined) this.#users.set(groupKey, new Set([key]));
    else users.add(key);
    return true;
  }
}
