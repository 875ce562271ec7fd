import type { LmqQueueStore } from '../../../lmq/spi/lmq-store.ts';
import type { Session, SessionCursor } from '../../session/session.ts';

/**
 * Takes a detached cursor, with its hold on the queue, out of use: kept while messages of it are in
 * flight, because their delivery is completed [MQTT-3.10.4-3], else closed. Earlier ones that have
 * come to their end go too, so their number is bounded by the window.
 */
export function retireCursor(store: LmqQueueStore, session: Session, cursor: SessionCursor): void {
  // Its offset is deleted and must not be saved again.
  cursor.dirty = false;
  session.retired.push(cursor);
  session.retired = session.retired.filter((retired) => {
    if (session.inflight.holds(retired)) return true;
    store.closeQueue(retired.queue);
    return false;
  });
}
