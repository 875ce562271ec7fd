import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Spread, Stores } from '../../lmq/spi/stores.ts';
import { CursorState, type HoldBack } from './cursor.ts';
import { DeliveryState } from './inflight-window.ts';
import type { Session, SessionCursor, SessionSubscription } from './session.ts';
import { endsOfElders, SWITCH_PAUSE_MS } from './elder-ends.ts';
import { isAssigned } from './session-lanes.ts';
import { cursorsOf } from './subscription.ts';

/** After a store could not be asked, ms. */
const RETRY_MS = 1000;

/**
 * Has a cursor of a subscription, which is not attached yet, come behind those in older stores, from which
 * topics may have moved to its own.
 */
export function holdBack(
  subscription: SessionSubscription,
  cursor: SessionCursor,
  spread: Spread,
): void {
  if (subscription.others === undefined) return;
  const count = spread.eldersOf(cursor.queue.lane);
  const elders = cursorsOf(subscription).filter(({ queue }) => queue.lane < count);
  if (elders.length > 0) cursor.after = { elders, upTo: undefined, isBusy: false, isOver: false };
}

/** Who delivers. */
export interface HeldDelivery {
  /** A cursor of the session need not wait any more, perhaps. */
  run(session: Session): void;
  /** Saves how far the session is; resolves when that is durable in every store. */
  save(session: Session): Promise<void>;
}

/**
 * Keeps the order of topics that have moved to a newer store: a cursor there waits until those in the older
 * stores have passed what these had when it began (docs/adr/0501), and that is durable: after a crash the
 * order would be another one. It begins when it is attached, or, while gateways send to the older stores still
 * (docs/adr/0621), with its first message: then these are asked once more, when none does any more, as that message may
 * have been quicker than the last ones that they had.
 */
export class HeldCursors {
  readonly #stores: Stores;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #delivery: HeldDelivery;

  constructor(stores: Stores, clock: Clock, logger: Logger, delivery: HeldDelivery) {
    this.#stores = stores;
    this.#clock = clock;
    this.#logger = logger;
    this.#delivery = delivery;
  }

  /** A cursor with `after` is being attached: true when it has to wait. */
  hold(cursor: SessionCursor, after: HoldBack<Session>): boolean {
    const { lane } = cursor.queue;
    if (this.#stores.spread.isInForce(lane) && this.#stores.haveAllSwitched(lane) === true) {
      after.upTo = ends(after);
      if (hasPassed(cursor.session, after)) {
        cursor.after = undefined;
        return false;
      }
    }
    cursor.state = CursorState.HELD;
    (cursor.session.held ??= new Set()).add(cursor);
    if (cursor.offset < cursor.queue.maxOffset) this.arrived(cursor);
    return true;
  }

  /** There is a message for a held cursor. */
  arrived(cursor: SessionCursor): void {
    const { after } = cursor;
    if (after === undefined || after.isBusy || after.upTo !== undefined) return;
    after.isBusy = true;
    void this.#ask(cursor, after);
  }

  /** The cursor is being detached. */
  drop(cursor: SessionCursor): void {
    const { session } = cursor;
    session.held?.delete(cursor);
    if (session.held?.size === 0) session.held = undefined;
  }

  /** The cursors of a session that need not wait any more. */
  takeFree(session: Session): SessionCursor[] {
    const free: SessionCursor[] = [];
    for (const cursor of session.held ?? []) {
      const { after } = cursor;
      if (after === undefined || after.isOver) free.push(cursor);
      else if (!after.isBusy && hasPassed(session, after)) this.#end(cursor, after, free);
    }
    for (const cursor of free) {
      cursor.after = undefined;
      this.drop(cursor);
    }
    return free;
  }

  /** The elders are there: the cursor is free, or will be when that is durable. */
  #end(cursor: SessionCursor, after: HoldBack<Session>, free: SessionCursor[]): void {
    const { session } = cursor;
    if (session.lanes === undefined) {
      free.push(cursor);
      return;
    }
    after.isBusy = true;
    this.#delivery.save(session).then(
      () => {
        after.isOver = true;
        this.#delivery.run(session);
      },
      () => {
        // The commit has failed, and with it all that comes after.
        session.link?.storeFailed();
      },
    );
  }

  async #ask(cursor: SessionCursor, after: HoldBack<Session>): Promise<void> {
    try {
      const { lane, name } = cursor.queue;
      const elders = after.elders.map(({ queue }) => queue.lane);
      const upTo = await endsOfElders(this.#stores, lane, name, elders);
      if (upTo === undefined) {
        this.#askLater(cursor, after, SWITCH_PAUSE_MS);
        return;
      }
      after.upTo = upTo;
      after.isBusy = false;
    } catch (error) {
      this.#logger.warn(
        { clientId: cursor.session.clientId, error: messageOf(error) },
        'messages of a newer store wait for an older one',
      );
      this.#askLater(cursor, after, RETRY_MS);
      return;
    }
    if (cursor.state === CursorState.HELD) this.#delivery.run(cursor.session);
  }

  #askLater(cursor: SessionCursor, after: HoldBack<Session>, pauseMs: number): void {
    this.#clock.after(pauseMs, () => {
      after.isBusy = false;
      if (cursor.state === CursorState.HELD) this.arrived(cursor);
    });
  }
}

function hasPassed(session: Session, { elders, upTo }: HoldBack<Session>): boolean {
  if (upTo === undefined) return false;
  return elders.every(
    (elder, i) =>
      elder.state === CursorState.CLOSED ||
      (elder.offset >= (upTo[i] as number) && isUnderWay(session, elder)),
  );
}

function ends({ elders }: HoldBack<Session>): number[] {
  return elders.map(({ queue }) => queue.maxOffset);
}

/** False while an exact session has messages of the cursor that it may not send yet. */
function isUnderWay(session: Session, cursor: SessionCursor): boolean {
  if (!session.exact) return true;
  const { inflight } = session;
  for (const slot of inflight.incomplete()) {
    if (inflight.cursor(slot) !== cursor || inflight.state(slot) !== DeliveryState.ASSIGNED)
      continue;
    if (!isAssigned(session, slot)) return false;
  }
  return true;
}
