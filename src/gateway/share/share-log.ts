import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import { type QueueOffset, StateSpace } from '../../lmq/spi/types.ts';
import { DeliveryState } from '../session/inflight-window.ts';
import type { Session } from '../session/session.ts';
import type { Progress } from '../session/save-rounds.ts';
import type { SessionLog } from '../session/session-log.ts';
import { type ShareGroup, ShareState } from './share-group.ts';
import { encodeShareRecord } from './share-record.ts';
import { partKey, shareConsumer } from './share-user.ts';

/**
 * Saves groups. What a group has handed out is acknowledged, in the in-flight record of a persistent
 * session, or in the group's own record; so a group's offset is only written together with the
 * in-flight records of those who have got something since, and the other way round.
 */
export class ShareLog implements Progress {
  readonly #stores: Stores;
  readonly #sessionLog: SessionLog;
  /** Sessions in memory that may have messages of a group in flight. */
  readonly #lessees = new Map<ShareGroup, Set<Session>>();
  /** Groups that differ from what is saved. */
  readonly #changed = new Set<ShareGroup>();

  constructor(stores: Stores, sessionLog: SessionLog) {
    this.#stores = stores;
    this.#sessionLog = sessionLog;
  }

  /** The session may get messages of the group from now on. */
  addLessee(group: ShareGroup, session: Session): void {
    const same = this.#lessees.get(group);
    if (same === undefined) this.#lessees.set(group, new Set([session]));
    else same.add(session);
  }

  /** The session leaves memory. */
  removeLessee(group: ShareGroup, session: Session): void {
    this.#lessees.get(group)?.delete(session);
  }

  /** The group differs from what is saved. */
  changed(group: ShareGroup): void {
    if (group.state === ShareState.CLOSED || this.#changed.has(group)) return;
    this.#changed.add(group);
    this.#sessionLog.saveLater(this);
  }

  /** Saves all that have changed. */
  save(): void {
    for (const group of [...this.#changed]) this.saveGroup(group);
  }

  saveGroup(group: ShareGroup): void {
    if (!this.#forgetChange(group)) return;
    const isMoved = group.hasTurn && group.offset !== group.savedOffset;
    if (isMoved) {
      group.savedOffset = group.offset;
      this.#storeOf(group).commitOffset(shareConsumer(group.key), group.queue, group.offset);
    }
    const part = this.#partOf(group);
    const isSame = part === undefined ? this.#saveAll(group) : this.#saveShared(group, part);
    if (!isMoved && isSame && !group.hasReissued) return;
    group.hasReissued = false;
    for (const session of this.#lessees.get(group) ?? []) {
      if (session.persistent) this.#sessionLog.saveIfChanged(session);
    }
  }

  /** Forgets a group that has ended. */
  erase(group: ShareGroup): void {
    this.#forgetChange(group);
    this.#lessees.delete(group);
    const store = this.#storeOf(group);
    store.deleteOffset(shareConsumer(group.key), group.queue);
    store.deleteState(StateSpace.SHARE, group.key);
  }

  /** False when there was nothing to save. */
  #forgetChange(group: ShareGroup): boolean {
    const hadChanged = this.#changed.delete(group);
    if (this.#changed.size === 0) this.#sessionLog.saved(this);
    return hadChanged;
  }

  /** The part of this gateway in a group ends, with nothing in it. */
  erasePart(group: ShareGroup): void {
    this.#forgetChange(group);
    this.#lessees.delete(group);
    const part = this.#partOf(group);
    if (part !== undefined) this.#storeOf(group).deleteState(StateSpace.SHARE, part);
  }

  /** Whether a session in memory has messages of the group in flight. */
  hasInFlight(group: ShareGroup): boolean {
    for (const { inflight } of this.#lessees.get(group) ?? []) {
      for (const slot of inflight.incomplete()) {
        if (group.isSourceOf(inflight.cursor(slot))) return true;
      }
    }
    return false;
  }

  #storeOf({ queue }: ShareGroup): LmqStore {
    return this.#stores.member(queue.lane);
  }

  /** Key of this gateway's part in a group; undefined when all of it is its own. */
  #partOf({ key, queue }: ShareGroup): string | undefined {
    const cluster = this.#stores.clusterOf(queue.lane);
    return cluster === undefined ? undefined : partKey(key, cluster.nodeId);
  }

  /** Saves a group that no other gateway shares as one record. Returns whether nothing had to be written. */
  #saveAll(group: ShareGroup): boolean {
    const record = encodeShareRecord(this.#nobodys(group, group.returned()));
    if (group.savedRecord?.equals(record) === true) return true;
    group.savedRecord = record;
    this.#storeOf(group).putState(StateSpace.SHARE, group.key, record);
    return false;
  }

  /** Of a group of several gateways: what is nobody's is written by who has the turn, the rest by each. */
  #saveShared(group: ShareGroup, ours: string): boolean {
    const store = this.#storeOf(group);
    let isSame = true;
    if (group.hasTurn) {
      const record = encodeShareRecord(group.returned());
      isSame = group.savedRecord?.equals(record) === true;
      if (!isSame) store.putState(StateSpace.SHARE, group.key, record);
      group.savedRecord = record;
    }
    const part = encodeShareRecord(this.#nobodys(group, group.hasTurn ? [] : group.returned()));
    if (group.savedPart?.equals(part) === true) return isSame;
    group.savedPart = part;
    store.putState(StateSpace.SHARE, ours, part);
    return false;
  }

  /** What would be lost with this process: returned, or in flight to a session that is not stored. */
  #nobodys(group: ShareGroup, returned: readonly QueueOffset[]): QueueOffset[] {
    const offsets = [...returned];
    for (const session of this.#lessees.get(group) ?? []) {
      if (!session.persistent) collect(session, group, offsets);
    }
    return offsets.sort((a, b) => a - b);
  }
}

function collect({ inflight }: Session, group: ShareGroup, offsets: QueueOffset[]): void {
  for (const slot of inflight.incomplete()) {
    if (!group.isSourceOf(inflight.cursor(slot))) continue;
    // A client that has sent PUBREC has the message.
    if (inflight.state(slot) !== DeliveryState.RELEASED) offsets.push(inflight.offset(slot));
  }
}
