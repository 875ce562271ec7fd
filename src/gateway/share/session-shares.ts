import type { SharedMembership } from '../session/session.ts';
import { type ShareGroup, ShareState } from './share-group.ts';
import type { ShareLog } from './share-log.ts';
import type { SharePump } from './share-pump.ts';

/** The groups of one session, as long as it is in memory. */
export class SessionShares implements SharedMembership {
  readonly groups: Set<ShareGroup> = new Set<ShareGroup>();
  readonly #pump: SharePump;
  readonly #log: ShareLog;

  constructor(pump: SharePump, log: ShareLog) {
    this.#pump = pump;
    this.#log = log;
  }

  roomFreed(): void {
    for (const group of this.groups) {
      // Acknowledgements of clients that are not stored change what the group has to remember.
      this.#log.changed(group);
      if (group.state === ShareState.BLOCKED) this.#pump.run(group);
    }
  }

  saving(): void {
    for (const group of this.groups) this.#log.saveGroup(group);
  }
}
