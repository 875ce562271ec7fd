import type { Lane } from '../spi/lane.ts';
import type { Spread } from '../spi/stores.ts';
import { type CommitNumber, StateSpace } from '../spi/types.ts';
import type { LaneMembers } from './lane-members.ts';

/** Topics whose older stores are known to have nothing. */
const MAX_CLEARED = 100_000;

/**
 * Retained messages: each beside its topic. Of a topic that has moved, the newest store that has one has the
 * message; what older stores still have is removed after the first write.
 */
export class RetainedLanes {
  readonly #members: LaneMembers;
  readonly #spread: Spread;
  /** Where the topic lay when its older stores were cleared. Nothing counts that is written there since. */
  readonly #cleared = new Map<string, Lane>();

  constructor(members: LaneMembers, spread: Spread) {
    this.#members = members;
    this.#spread = spread;
  }

  /** Where there may be a message of the topic; the oldest lane first. */
  lanesOf(topic: string): readonly Lane[] {
    return this.#spread.lanesOfFilter(topic);
  }

  put(topic: string, value: Buffer): CommitNumber {
    const lane = this.#spread.laneOfTopic(topic);
    const commit = this.#members.of(lane).putState(StateSpace.RETAINED, topic, value);
    const older: Lane[] = [];
    for (const other of this.lanesOf(topic)) {
      if (other < lane) older.push(other);
      // Of a gateway that is ahead of this one: it would hide what is written here.
      else if (other > lane) this.#deleteAt(other, topic);
    }
    if (older.length > 0 && this.#cleared.get(topic) !== lane) {
      this.#clear(topic, older, lane, commit);
    }
    return commit;
  }

  delete(topic: string): CommitNumber {
    const lane = this.#spread.laneOfTopic(topic);
    for (const other of this.lanesOf(topic)) if (other !== lane) this.#deleteAt(other, topic);
    return this.#deleteAt(lane, topic);
  }

  async get(topic: string): Promise<Buffer | undefined> {
    const values = await Promise.all(
      this.lanesOf(topic).map((lane) =>
        this.#members.of(lane).getState(StateSpace.RETAINED, topic),
      ),
    );
    return values.findLast((value) => value !== undefined);
  }

  /** Not before the new one is durable: there is always one of the two. */
  #clear(topic: string, older: readonly Lane[], lane: Lane, commit: CommitNumber): void {
    this.#members
      .of(lane)
      .committed(commit)
      .then(
        () => {
          for (const other of older) this.#deleteAt(other, topic);
          if (this.#cleared.size >= MAX_CLEARED) this.#cleared.clear();
          this.#cleared.set(topic, lane);
        },
        // Who has published hears of it; the older message stays what it was.
        () => undefined,
      );
  }

  #deleteAt(lane: Lane, topic: string): CommitNumber {
    return this.#members.of(lane).deleteState(StateSpace.RETAINED, topic);
  }
}
