import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { peerOfQueue, peerQueueName } from '../../lmq/spi/queue-name.ts';
import type { Arrival } from '../../lmq/spi/types.ts';
import { Cursor } from './cursor.ts';
import type { DeliveryPump } from './delivery-pump.ts';
import type { KeyedSerialQueue } from './keyed-serial-queue.ts';
import type { Session, SessionCursor } from './session.ts';
import type { SessionTable } from './session-table.ts';

export interface PeerQueuesParts {
  readonly store: LmqStore;
  readonly pump: DeliveryPump;
  readonly logger: Logger;
  readonly table: SessionTable;
  /** What is done with the session of a client, one after another. */
  readonly serial: KeyedSerialQueue;
}

/**
 * Has sessions read the queue of what is sent to their client alone: a persistent one from its beginning on, any
 * other when something is in it.
 */
export class PeerQueues {
  readonly #parts: PeerQueuesParts;

  constructor(parts: PeerQueuesParts) {
    this.#parts = parts;
  }

  /** Opens that of a new persistent session, which is not in memory yet. */
  async openNew(session: Session): Promise<void> {
    const queue = await this.#parts.store.openQueue(peerQueueName(session.clientId));
    const cursor = new Cursor(session, queue, 2, queue.nextOffset);
    cursor.dirty = true;
    this.#attach(session, cursor);
  }

  /** New records in a queue that nobody reads: it may be the peer queue of a client that is here. */
  arrivedUnread(arrival: Arrival): void {
    const clientId = peerOfQueue(arrival.queue.name);
    if (clientId === undefined) return;
    const { table, logger } = this.#parts;
    const session = table.get(clientId);
    if (session === undefined || session.peerCursor !== undefined) return;
    session.peerFirst ??= arrival.firstOffset;
    if (session.peerOpening) return;
    this.read(session).catch((error: unknown) => {
      logger.error({ clientId, error: messageOf(error) }, 'opening a peer queue failed');
    });
  }

  /** Has the session read its peer queue, from what comes in from now on, if it does not yet. */
  read(session: Session): Promise<void> {
    session.peerOpening = true;
    return this.#parts.serial.run(session.clientId, () => this.#open(session));
  }

  async #open(session: Session): Promise<void> {
    const { store, pump, table } = this.#parts;
    if (session.peerCursor !== undefined) return;
    const queue = await store.openQueue(peerQueueName(session.clientId)).finally(() => {
      session.peerOpening = false;
    });
    if (!table.has(session)) {
      store.closeQueue(queue);
      return;
    }
    const offset = session.peerFirst ?? queue.maxOffset;
    this.#attach(session, new Cursor(session, queue, 2, offset));
    pump.run(session);
  }

  #attach(session: Session, cursor: SessionCursor): void {
    session.peerCursor = cursor;
    this.#parts.pump.attach(cursor);
  }
}
