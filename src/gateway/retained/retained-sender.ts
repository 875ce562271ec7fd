import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { TurnShares } from '../../common/turn-shares.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import type { CommitNumber } from '../../lmq/spi/types.ts';
import { CursorState } from '../session/cursor.ts';
import type { DeliveryPump } from '../session/delivery-pump.ts';
import type { Session, SessionCursor, SessionSubscription } from '../session/session.ts';
import type { SessionLog } from '../session/session-log.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { nextTopics } from './next-topics.ts';
import { qosOf, type RetainedHandOver } from './retained-hand-over.ts';
import type { RetainedLookUp } from './retained-look-up.ts';

/** Messages handed over in one turn of the event loop, about. */
const TURN_MESSAGES = 2048;
/** Durable messages that may wait for one client while more are read. */
const MOST_WAITING = 256;

/** Of what is sent to one subscription. */
interface Progress {
  /** With the last batch; 0 when there was none. */
  commit: CommitNumber;
  /** That it goes through. */
  cursor: SessionCursor | undefined;
}

export interface RetainedSenderParts {
  readonly store: LmqStore;
  readonly retained: RetainedLookUp;
  readonly sessions: SessionRegistry;
  readonly sessionLog: SessionLog;
  readonly pump: DeliveryPump;
  readonly handOver: RetainedHandOver;
  readonly logger: Logger;
}

/**
 * Sends retained messages to new subscriptions [MQTT-3.3.1-6], batch by batch.
 * A batch is handed over in the turn that read it, and the peer queue comes before all others until its messages are
 * sent: no message is older than what the subscription itself has delivered. While one batch is being
 * committed the next one is read, unless the client is slow.
 */
export class RetainedSender {
  readonly #parts: RetainedSenderParts;
  /** Sessions that are being served. */
  readonly #running = new Set<Session>();
  readonly #turns = new TurnShares(TURN_MESSAGES);

  constructor(parts: RetainedSenderParts) {
    this.#parts = parts;
  }

  /**
   * Notes that a subscription is to get what is retained, once more than it is noted already: each SUBSCRIBE of a
   * filter brings it, and so does each time that one packet names it [MQTT-3.8.4-3] [MQTT5-3.8.4-5]. That something
   * is due is saved with the session, how many times is not. `run` follows.
   */
  request(subscription: SessionSubscription): void {
    if (!this.#parts.retained.mayMatch(subscription.filter)) return;
    const { session } = subscription;
    session.retainedDue ??= new Map();
    session.retainedDue.set(subscription, (session.retainedDue.get(subscription) ?? 0) + 1);
  }

  /** Sends what is due to the session: SUBACK, or CONNACK, is in the output. */
  run(session: Session): void {
    if (session.retainedDue === undefined || this.#running.has(session)) return;
    this.#running.add(session);
    this.#serve(session)
      .catch((error: unknown) => {
        this.#parts.logger.error(
          { clientId: session.clientId, error: messageOf(error) },
          'sending retained messages failed, closing the connection',
        );
        session.link?.storeFailed();
      })
      .finally(() => {
        this.#running.delete(session);
      });
  }

  async #serve(session: Session): Promise<void> {
    const due = session.retainedDue as Map<SessionSubscription, number>;
    for (;;) {
      const first = due.entries().next();
      if (first.done === true || !this.#isHere(session)) break;
      const [subscription] = first.value;
      await this.#sendAll(subscription, () => {
        const times = due.get(subscription) ?? 0;
        if (times > 1) due.set(subscription, times - 1);
        else due.delete(subscription);
      });
    }
    if (due.size === 0) session.retainedDue = undefined;
  }

  /** @param done called in the turn of the last message, so that it is saved in one commit with it */
  async #sendAll(subscription: SessionSubscription, done: () => void): Promise<void> {
    const { retained } = this.#parts;
    const ready = retained.ready(subscription.filter);
    if (ready !== undefined) {
      await ready;
      if (!this.#isHere(subscription.session)) return;
    }
    const walk = retained.match(subscription.filter);
    const { session } = subscription;
    const progress: Progress = { commit: 0, cursor: undefined };
    try {
      let isLast = false;
      while (!isLast) {
        const topics: string[] = [];
        isLast = await nextTopics(walk, topics);
        await this.#sendBatch(subscription, topics, progress, isLast ? done : undefined);
        if (!this.#isHere(session)) return;
      }
      await this.#delivered(progress);
    } finally {
      this.#parts.pump.prefer(session, undefined);
    }
  }

  async #sendBatch(
    subscription: SessionSubscription,
    topics: readonly string[],
    progress: Progress,
    done: (() => void) | undefined,
  ): Promise<void> {
    const { session } = subscription;
    for (let rest = topics; ;) {
      await this.#turns.take(rest.length);
      const values = await this.#parts.retained.read(rest);
      if (!this.#isHere(session)) return;
      if (session.subscriptions.get(subscription.filter) !== subscription) {
        this.#finish(session, done);
        return;
      }
      if (session.peerCursor === undefined && values.some((value) => qosOf(value, subscription))) {
        await this.#parts.sessions.peerQueues.read(session);
        continue;
      }
      const { count, commit } = this.#parts.handOver.take(subscription, rest, values);
      rest = rest.slice(count);
      if (rest.length === 0) this.#finish(session, done);
      if (commit > 0) await this.#keptUp(session, progress, commit);
      if (rest.length === 0) return;
      await this.#drained(session);
    }
  }

  #isHere(session: Session): boolean {
    return this.#parts.sessions.connected(session.clientId) === session;
  }

  #finish(session: Session, done: (() => void) | undefined): void {
    if (done === undefined) return;
    done();
    if (session.persistent) this.#parts.sessionLog.saveSession(session);
  }

  /** Until the batch before is durable, and not too much is waiting for the client. */
  async #keptUp(session: Session, progress: Progress, commit: CommitNumber): Promise<void> {
    const before = progress.commit;
    const cursor = session.peerCursor as SessionCursor;
    progress.commit = commit;
    progress.cursor = cursor;
    if (before > 0) await this.#parts.store.committed(before);
    if (cursor.queue.maxOffset - cursor.offset > MOST_WAITING) await idle(cursor);
  }

  /** Until what was appended is on its way to the client, or the session has gone. */
  async #delivered({ commit, cursor }: Progress): Promise<void> {
    if (cursor === undefined) return;
    await this.#parts.store.committed(commit);
    await idle(cursor);
  }

  /** Until the socket has room, or another connection has come, or the session has gone. */
  async #drained(session: Session): Promise<void> {
    if (session.link?.congested !== true) return;
    await new Promise<void>((resolve) => {
      session.onDrain = resolve;
    });
    session.onDrain = undefined;
  }
}

/** Until all that is durable is on its way to the client, or the session has gone. */
async function idle(cursor: SessionCursor): Promise<void> {
  if (cursor.state === CursorState.CAUGHT_UP || cursor.state === CursorState.CLOSED) return;
  await new Promise<void>((resolve) => {
    cursor.onIdle = resolve;
  });
  cursor.onIdle = undefined;
}
