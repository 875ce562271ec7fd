import { randomBytes } from 'node:crypto';
import type { Clock } from '../../common/clock.ts';
import { isRetryable } from '../../common/errors.ts';
import { ClaimKind, claimKey } from '../../lmq/spi/cluster.ts';
import { type Lane, laneOfCommit } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import { type CommitNumber, StateSpace } from '../../lmq/spi/types.ts';
import { KeyedSerialQueue } from '../session/keyed-serial-queue.ts';

const ID_BYTES = 16;
/** Between two attempts to reach the store of the topic, ms. */
const RETRY_MS = 1_000;

/** What the home of a client has of a will that is being published into another store. */
interface Plan {
  readonly id: Buffer;
  readonly lane: Lane;
}

/** One will on its way into another store than its record is in. */
export interface FarWillAttempt {
  readonly clientId: string;
  /** Resolves when the message is durable, or is none of this gateway's any more: false then. */
  readonly done: Promise<boolean>;
  /** Its record goes though the message is not written: nobody else knows of it from now on. */
  detach(): void;
}

class Attempt implements FarWillAttempt {
  readonly clientId: string;
  /** Lanes where this gateway holds the claim. */
  readonly held = new Set<Lane>();
  /** Those that the attempt before has not given up, or that came late: they go with this one. */
  readonly left = new Set<Lane>();
  isDetached = false;
  isWritten = false;
  /** Another gateway sees to it. */
  isTaken = false;
  done: Promise<boolean> = Promise.resolve(false);

  constructor(clientId: string) {
    this.clientId = clientId;
  }

  lanes(): ReadonlySet<Lane> {
    return new Set([...this.held, ...this.left]);
  }

  detach(): void {
    this.isDetached = true;
  }
}

/**
 * Writes wills into other stores than their records are in, each once (docs/adr/0632). The home has a plan, durable before
 * the message is written: a number, and the store. The message is one commit with a mark in its store that bears the
 * number, under a claim there. So whoever finds the plan, after any crash, sees whether the message is written.
 */
export class FarWillSender {
  readonly #stores: Stores;
  readonly #clock: Clock;
  readonly #attempts = new Map<string, Attempt>();
  /** Two of one client come one after the other. */
  readonly #serial = new KeyedSerialQueue();
  #isStopped = false;

  constructor(stores: Stores, clock: Clock) {
    this.#stores = stores;
    this.#clock = clock;
  }

  /** @param publish writes the message into the open commit of its store; undefined when there is nobody to send it to */
  send(clientId: string, topic: string, publish: () => CommitNumber | undefined): FarWillAttempt {
    const attempt = new Attempt(clientId);
    attempt.done = this.#serial.run(clientId, () => this.#run(attempt, topic, publish));
    return attempt;
  }

  /**
   * Gives up what the attempt holds, when it is done. Never rejects.
   * @param recordGone resolves when its record is durably gone: nobody looks for the mark any more
   */
  async over(attempt: FarWillAttempt, recordGone: Promise<void>): Promise<void> {
    const isClean = await Promise.all([attempt.done, recordGone]).then(
      ([isDone]) => isDone,
      () => false,
    );
    if (attempt instanceof Attempt) this.#end(attempt, isClean);
  }

  /** There is no will any more that was to be written elsewhere. */
  dropPlan(clientId: string): void {
    if (this.#stores.spread.lanes === 1) return;
    this.#home(clientId).deleteState(StateSpace.INFLIGHT, recordKey(clientId));
  }

  /** Another gateway asks for the claim: the will is its own from now on, unless it is written. */
  giveUp(clientId: string, lane: Lane): void {
    const attempt = this.#attempts.get(clientId);
    if (attempt?.held.has(lane) === true && !attempt.isWritten) {
      // It is in no store: this gateway alone can write it, and gives the claim up then.
      if (attempt.isDetached) return;
      attempt.isTaken = true;
    }
    this.#release(clientId, lane);
  }

  /** The claim has come when nobody waited for it any more: an attempt that is under way may have it by now, or needs it yet. */
  giveUpUnneeded(clientId: string, lane: Lane): void {
    const attempt = this.#attempts.get(clientId);
    if (attempt === undefined) this.#release(clientId, lane);
    else attempt.left.add(lane);
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #run(
    attempt: Attempt,
    topic: string,
    publish: () => CommitNumber | undefined,
  ): Promise<boolean> {
    const { clientId, left } = attempt;
    for (const lane of this.#attempts.get(clientId)?.lanes() ?? []) left.add(lane);
    this.#attempts.set(clientId, attempt);
    let isDone = false;
    try {
      isDone = await this.#sendWhenReached(attempt, topic, publish);
      return isDone;
    } finally {
      if (!isDone) this.#end(attempt, false);
    }
  }

  async #sendWhenReached(
    attempt: Attempt,
    topic: string,
    publish: () => CommitNumber | undefined,
  ): Promise<boolean> {
    for (;;) {
      try {
        const commit = await this.#write(attempt, topic, publish);
        if (commit !== undefined) await this.#stores.member(laneOfCommit(commit)).committed(commit);
        return !attempt.isTaken;
      } catch (error) {
        if (attempt.isTaken) return false;
        if (!isRetryable(error) || attempt.isWritten || this.#isStopped) throw error;
      }
      await new Promise<void>((resolve) => this.#clock.after(RETRY_MS, resolve));
    }
  }

  /** Undefined when there is nothing to wait for: it was written before, or is another gateway's. */
  async #write(
    attempt: Attempt,
    topic: string,
    publish: () => CommitNumber | undefined,
  ): Promise<CommitNumber | undefined> {
    const { spread } = this.#stores;
    const lane = spread.laneOfTopic(topic);
    const { plan, isSent } = await this.#look(attempt, lane);
    if (isSent) return undefined;
    const id = plan?.id ?? randomBytes(ID_BYTES);
    if (plan?.lane !== lane && !attempt.isDetached) await this.#plan(attempt.clientId, id, lane);
    if (attempt.isTaken) return undefined;
    // While it was planned, the topic has moved: the plan is to say so.
    if (spread.laneOfTopic(topic) !== lane) return this.#write(attempt, topic, publish);
    attempt.isWritten = true;
    const commit = publish();
    // A hook may have given it a topic of the home, which has the plan under this key.
    const isAtHome =
      commit !== undefined && laneOfCommit(commit) === spread.homeOf(attempt.clientId);
    if (commit === undefined || isAtHome || attempt.isDetached) return commit;
    const store = this.#stores.member(laneOfCommit(commit));
    store.putState(StateSpace.INFLIGHT, recordKey(attempt.clientId), id);
    return commit;
  }

  /** What was done before, under the claims of all lanes where it may have been; nobody does anything meanwhile. */
  async #look(
    attempt: Attempt,
    lane: Lane,
  ): Promise<{ readonly plan: Plan | undefined; readonly isSent: boolean }> {
    const { clientId } = attempt;
    await this.#claim(attempt, lane);
    // Read behind the claim: whoever counts as dead at the home learns it here.
    const plan = await this.#planOf(attempt);
    if (plan === undefined) return { plan, isSent: false };
    await this.#claim(attempt, plan.lane);
    const key = recordKey(clientId);
    const lanes = [...new Set([plan.lane, lane])];
    const marks = await Promise.all(
      lanes.map((of) => this.#stores.member(of).getState(StateSpace.INFLIGHT, key)),
    );
    return { plan, isSent: marks.some((mark) => mark?.equals(plan.id) === true) };
  }

  async #planOf({ clientId, isDetached }: Attempt): Promise<Plan | undefined> {
    if (isDetached) return undefined;
    const key = recordKey(clientId);
    const value = await this.#home(clientId).getState(StateSpace.INFLIGHT, key);
    if (value?.length !== ID_BYTES + 1) return undefined;
    const lane = value.readUInt8(ID_BYTES);
    if (lane >= this.#stores.spread.lanes) return undefined;
    return { id: value.subarray(0, ID_BYTES), lane };
  }

  async #plan(clientId: string, id: Buffer, lane: Lane): Promise<void> {
    const home = this.#home(clientId);
    const value = Buffer.concat([id, Buffer.from([lane])]);
    await home.committed(home.putState(StateSpace.INFLIGHT, recordKey(clientId), value));
  }

  async #claim(attempt: Attempt, lane: Lane): Promise<void> {
    const { clientId } = attempt;
    await this.#stores.clusterOf(lane)?.claim(claimKey(ClaimKind.FAR_WILL, clientId));
    attempt.held.add(lane);
  }

  /** @param isClean nobody looks for its mark any more */
  #end(attempt: Attempt, isClean: boolean): void {
    const { clientId } = attempt;
    if (this.#attempts.get(clientId) !== attempt) return;
    this.#attempts.delete(clientId);
    for (const lane of attempt.lanes()) {
      const store = this.#stores.member(lane);
      if (isClean) store.deleteState(StateSpace.INFLIGHT, recordKey(clientId));
      this.#release(clientId, lane);
    }
  }

  #release(clientId: string, lane: Lane): void {
    this.#stores.clusterOf(lane)?.release(claimKey(ClaimKind.FAR_WILL, clientId));
  }

  #home(clientId: string): ReturnType<Stores['member']> {
    return this.#stores.member(this.#stores.spread.homeOf(clientId));
  }
}

/** Key of plan and mark among the in-flight records. No client id has the character. */
function recordKey(clientId: string): string {
  return `${clientId}\u0000will`;
}
