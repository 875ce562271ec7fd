import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { TimerWheel } from '../../common/timer-wheel.ts';
import { type Cluster, ClaimKind, claimKey } from '../../lmq/spi/cluster.ts';
import { type Lane, laneOfCommit } from '../../lmq/spi/lane.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { CommitNumber } from '../../lmq/spi/types.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import type { Will } from '../codec/will.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { WillPublisher } from '../hooks/hooked-will-publisher.ts';
import { DelayedWills } from './delayed-wills.ts';
import { DueWills } from './due-wills.ts';
import { FarWillSender } from './far-will-sender.ts';
import { FarWills } from './far-wills.ts';
import { StoredWills } from './stored-wills.ts';
import { delayMs, isWaiting, type StoredWill } from './will-record.ts';

export interface WillsParts {
  readonly store: LmqStore;
  /** A record lies at the client's home, the message where its topic is. */
  readonly stores: Stores;
  readonly publisher: WillPublisher;
  readonly wheel: TimerWheel;
  readonly stats: GatewayStats;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The other gateways on the store; none unless given. */
  readonly cluster?: Cluster | undefined;
}

/**
 * Will messages, one per client at most: in the store from before CONNACK until they are published or
 * dropped. Both happen in one commit with the end of the record, so that a crash neither loses a will
 * nor sends it twice; where message and record are in two stores, `FarWillSender` sees to that.
 *
 * With other gateways on the store, the record of an open connection is its session's owner's, and that of
 * a will that waits for its delay belongs to whoever has its claim: others leave them alone.
 */
export class Wills {
  readonly #parts: WillsParts;
  readonly #stored: StoredWills;
  /** Wills of open connections by client id. */
  readonly #open = new Map<string, Will>();
  readonly #delayed: DelayedWills;
  readonly #due: DueWills;
  readonly #far: FarWills;
  readonly #sender: FarWillSender;

  constructor(parts: WillsParts) {
    this.#parts = parts;
    this.#stored = new StoredWills(parts.store, parts.logger);
    this.#delayed = new DelayedWills({
      ...parts,
      onDue: (clientId) => {
        this.#due.add(clientId);
      },
    });
    this.#due = new DueWills({
      ...parts,
      stored: this.#stored,
      publish: (clientId, will) => {
        // Another connection may have stored its own.
        if (!this.#open.has(clientId)) this.#publish(clientId, will);
      },
      again: (clientId, at) => {
        this.#delayed.add(clientId, at, true);
      },
    });
    this.#far = new FarWills(parts.clock, parts.logger);
    this.#sender = new FarWillSender(parts.stores, parts.clock);
  }

  /** Publishes the wills of connections that ended with the process before this one, after their delay. */
  async start(): Promise<void> {
    const { clock, cluster } = this.#parts;
    // Each may be the will of a connection to another gateway; those of dead gateways are adopted.
    if (cluster !== undefined) return;
    await this.#stored.each((clientId, will) => {
      const dueAt = will.dueAt === 0 ? clock.now() + delayMs(will) : will.dueAt;
      this.#end(clientId, will, dueAt);
    });
  }

  /** Resolves when no record is left whose will has been published, or when that takes too long. */
  async stop(): Promise<void> {
    this.#due.stop();
    this.#delayed.stop();
    await this.#far.allSettled();
    this.#sender.stop();
  }

  /**
   * A connection begins. The delayed will of the one before is dropped when the session goes on within the delay
   * [MQTT5-3.1.3-9] and published when it does not. Resolves when the new will is durable.
   * @param hasSession false once the session has gone to another connection: then nothing is stored
   * @param mayHaveWill false when no gateway has left one, as the session's owner has seen
   */
  async begin(
    clientId: string,
    isResumed: boolean,
    will: Will | undefined,
    sessionExpirySeconds: number,
    hasSession: () => boolean = () => true,
    mayHaveWill = true,
  ): Promise<void> {
    const { store, cluster } = this.#parts;
    if (this.#far.has(clientId)) await this.#far.settled(clientId);
    const ended = this.#due.ended(clientId);
    if (ended !== undefined) await ended;
    const isOver = this.#delayed.isOver(clientId);
    if (this.#delayed.delete(clientId)) {
      if (isResumed && !isOver) this.#forget(clientId);
      else await this.#due.publish(clientId);
    } else if (cluster !== undefined && mayHaveWill && !this.#open.has(clientId)) {
      await this.#takeOver(cluster, clientId, isResumed);
    }
    // Its record would go with that of the one before.
    if (this.#far.has(clientId)) await this.#far.settled(clientId);
    if (will === undefined || !hasSession()) return;
    this.#open.set(clientId, will);
    this.#sender.dropPlan(clientId);
    await store.committed(this.#stored.put(clientId, { ...will, sessionExpirySeconds, dueAt: 0 }));
  }

  /** Drops the will of a connection: DISCONNECT [MQTT-3.1.2-10], or one that was never accepted. */
  drop(clientId: string, will: Will): void {
    // The client id may have another connection by now.
    if (this.#open.get(clientId) !== will) return;
    this.#open.delete(clientId);
    this.#stored.delete(clientId);
  }

  /** The client has connected to another gateway: its connection here counts as ended. */
  endOpen(clientId: string, sessionExpirySeconds: number): void {
    const will = this.#open.get(clientId);
    if (will !== undefined) this.connectionEnded(clientId, will, sessionExpirySeconds);
  }

  /** Another gateway has taken the client's session, and sees to the delayed will. */
  handOver(clientId: string): void {
    this.#delayed.delete(clientId);
    this.#due.delete(clientId);
    if (!this.#far.has(clientId)) {
      this.#parts.cluster?.release(willClaim(clientId));
      return;
    }
    // The claim goes with the record.
    void this.#far.settled(clientId);
  }

  /** Another gateway publishes the will of a client in a store that is not its home. */
  giveUpFar(clientId: string, lane: Lane): void {
    this.#sender.giveUp(clientId, lane);
  }

  /** The claim for a will in a store that is not its client's home has come late. */
  giveUpUnneeded(clientId: string, lane: Lane): void {
    this.#sender.giveUpUnneeded(clientId, lane);
  }

  /** A delayed will of a dead gateway; false when it is that of a connection. */
  async adopt(clientId: string): Promise<boolean> {
    const { cluster } = this.#parts;
    if (this.#delayed.has(clientId) || this.#due.has(clientId)) return true;
    if (this.#far.has(clientId)) return true;
    if ((await cluster?.claimIfFree(willClaim(clientId))) !== true) return true;
    const will = await this.#stored.get(clientId);
    if (will !== undefined && will.dueAt > 0) {
      this.#end(clientId, will, will.dueAt);
      return true;
    }
    cluster?.release(willClaim(clientId));
    return will === undefined;
  }

  /** The connection of a client ended with its gateway. To be called by the owner of its session. */
  async adoptOpen(clientId: string): Promise<void> {
    const will = await this.#stored.get(clientId);
    if (will === undefined || this.#open.has(clientId) || this.#far.has(clientId)) return;
    if (will.dueAt === 0) this.#end(clientId, will, this.#parts.clock.now() + delayMs(will));
  }

  /** The connection has ended without DISCONNECT: its will is published, now or after its delay [MQTT-3.1.2-8]. */
  connectionEnded(clientId: string, will: Will, sessionExpirySeconds: number): void {
    if (this.#open.get(clientId) !== will) return;
    this.#open.delete(clientId);
    const stored = { ...will, sessionExpirySeconds, dueAt: 0 };
    this.#end(clientId, stored, this.#parts.clock.now() + delayMs(stored));
  }

  /** What the connection before, to another gateway, has left. Its session is here now. */
  async #takeOver(cluster: Cluster, clientId: string, isResumed: boolean): Promise<void> {
    const { clock } = this.#parts;
    if (!(await this.#stored.has(clientId))) return;
    await cluster.claim(willClaim(clientId));
    // It may have been published meanwhile.
    const will = await this.#stored.get(clientId);
    // What is delayed is not published when the session goes on.
    const isDropped = will === undefined || (isResumed && isWaiting(will, clock.now()));
    if (isDropped) this.#forget(clientId);
    else this.#publish(clientId, will);
  }

  /** There is no will any more. */
  #forget(clientId: string): void {
    this.#stored.delete(clientId);
    this.#sender.dropPlan(clientId);
    this.#parts.cluster?.release(willClaim(clientId));
  }

  /** Claims the delayed will, so that this gateway publishes it even when another one takes the session over. */
  #claim(clientId: string): void {
    const { cluster, logger } = this.#parts;
    cluster?.claim(willClaim(clientId)).catch((error: unknown) => {
      logger.error({ clientId, error: messageOf(error) }, 'claiming a delayed will failed');
    });
  }

  #end(clientId: string, will: StoredWill, dueAt: number): void {
    if (dueAt <= this.#parts.clock.now() || this.#delayed.isFull) {
      this.#publish(clientId, will);
      return;
    }
    if (will.dueAt === 0) {
      this.#stored.put(clientId, { ...will, dueAt });
      this.#claim(clientId);
    }
    this.#delayed.add(clientId, dueAt);
  }

  /** The message and the end of its record in one commit, where that can be. */
  #publish(clientId: string, will: StoredWill): void {
    const { spread } = this.#parts.stores;
    if (spread.laneOfTopic(will.topic) !== spread.homeOf(clientId)) {
      this.#publishFar(clientId, will);
      return;
    }
    let commit: CommitNumber | undefined;
    try {
      commit = this.#send(clientId, will);
    } catch (error) {
      this.#forget(clientId);
      throw error;
    }
    if (commit === undefined || laneOfCommit(commit) === spread.homeOf(clientId)) {
      this.#forget(clientId);
      return;
    }
    // A hook has given it another topic.
    const sent = commit;
    this.#claim(clientId);
    const durable = this.#parts.store.committed(sent).then(() => true);
    this.#far.publishing(clientId, durable, () => {
      this.#forget(clientId);
    });
  }

  /** The message first, the end of its record when it is durable. */
  #publishFar(clientId: string, will: StoredWill): void {
    // Another gateway that takes the client over leaves it alone.
    this.#claim(clientId);
    const attempt = this.#sender.send(clientId, will.topic, () => this.#send(clientId, will));
    this.#far.publishing(clientId, attempt.done, () => {
      attempt.detach();
      this.#forget(clientId);
      const { stores } = this.#parts;
      const home = stores.member(stores.spread.homeOf(clientId));
      void this.#sender.over(attempt, home.committed(home.openCommit));
    });
  }

  /** Undefined when there is nobody to send it to. */
  #send(clientId: string, will: StoredWill): CommitNumber | undefined {
    const { publisher, stats, logger } = this.#parts;
    try {
      const commit = publisher.publish(will, clientId);
      stats.willsPublished++;
      return commit;
    } catch (error) {
      if (!(error instanceof MqttProtocolError)) throw error;
      // An operator may have taken the topic away since CONNECT.
      logger.warn({ clientId, topic: will.topic, error: error.message }, 'dropping a will');
      return undefined;
    }
  }
}

function willClaim(clientId: string): string {
  return claimKey(ClaimKind.WILL, clientId);
}
