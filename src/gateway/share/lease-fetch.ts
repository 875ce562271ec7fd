import type { Clock } from '../../common/clock.ts';
import { isRetryable, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import { type QueueOffset, StateSpace } from '../../lmq/spi/types.ts';
import { decodeInflightRecord, encodeInflightRecord } from '../session/inflight-record.ts';
import { takeStoredLeases } from './lease-return.ts';
import type { PartClaims } from '../session/part-claims.ts';
import type { ShareGroup } from './share-group.ts';

/** After a store could not be asked, ms. */
const RETRY_MS = 1_000;

/** Runs a task while the client has no session in memory; not at all when it has one. */
export interface AwayClients {
  whileAway(clientId: string, task: () => Promise<void>): Promise<void>;
  /** The claims of such clients beside their homes. */
  readonly parts: Pick<PartClaims, 'readWith'>;
}

export interface LeaseFetchParts {
  readonly lane: Lane;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether this gateway is in the group still, so that there is somewhere to give messages back to. */
  readonly isHere: (group: ShareGroup) => boolean;
  /** In the commit in which the client loses them. */
  readonly giveBack: (key: string, offsets: readonly QueueOffset[]) => void;
  /** Nothing is being taken back for the group any more: whoever stayed in it for that need not. */
  readonly done: (group: ShareGroup) => void;
}

/** Takes back the messages of a shared group that clients which have disconnected still hold, for the members that are connected. */
export class LeaseFetch {
  readonly #parts: LeaseFetchParts;
  #away: AwayClients | undefined;

  constructor(parts: LeaseFetchParts) {
    this.#parts = parts;
  }

  /** From now on; nothing is taken back before. */
  start(away: AwayClients): void {
    this.#away = away;
  }

  /** In the background; again each second while a store does not answer. */
  from(group: ShareGroup, clientId: string): void {
    group.holders.delete(clientId);
    const away = this.#away;
    if (away === undefined) return;
    group.fetching++;
    void this.#untilFetched(away, group, clientId).then(() => {
      group.fetching--;
      if (group.fetching === 0) this.#parts.done(group);
    });
  }

  async #untilFetched(away: AwayClients, group: ShareGroup, clientId: string): Promise<void> {
    const { clock, logger, isHere } = this.#parts;
    do {
      try {
        await away.whileAway(clientId, () => this.#fetch(away, group, clientId));
        return;
      } catch (error) {
        const context = { clientId, group: group.key, error: messageOf(error) };
        logger.error(context, 'taking messages of a shared subscription back failed');
        if (!isRetryable(error)) return;
      }
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    } while (isHere(group));
  }

  async #fetch({ parts }: AwayClients, group: ShareGroup, clientId: string): Promise<void> {
    const { lane, stores, isHere, giveBack } = this.#parts;
    const { key } = group;
    const store = stores.member(lane);
    const saved = await parts.readWith(clientId, lane, () =>
      store.getState(StateSpace.INFLIGHT, clientId),
    );
    // The group may have ended here meanwhile: then the client keeps them, for itself or for whoever enters the group.
    if (saved === undefined || !isHere(group)) return;
    const taken = takeStoredLeases(decodeInflightRecord(saved, clientId), key);
    if (taken === undefined) return;
    const rest = encodeInflightRecord(taken.rest);
    const commit = store.putState(StateSpace.INFLIGHT, clientId, rest);
    giveBack(key, taken.offsets);
    // Whoever gets the session next learns that from its home, and reads what is here then.
    if (stores.spread.homeOf(clientId) !== lane) await store.committed(commit);
  }
}
