/**
 * Changes `Session.ready`. Most sessions have none or one, which comes and goes with their messages, and a list that grows from
 * nothing would get room for seventeen each time.
 */
import { NONE_READY, type Session, type SessionCursor } from './session.ts';

export function clearReady(session: Session): void {
  session.ready = NONE_READY;
  session.nextReady = 0;
}

/** Behind the others. */
export function addReady(session: Session, cursor: SessionCursor): void {
  if (session.ready.length === 0) session.ready = [cursor];
  else listOf(session).push(cursor);
}

/** The next one to be served. */
export function addFirstReady(session: Session, cursor: SessionCursor): void {
  if (session.ready.length === 0) session.ready = [cursor];
  else listOf(session).unshift(cursor);
  session.nextReady = 0;
}

/** @param index in `Session.ready`, or -1 for one that is not there */
export function removeReadyAt(session: Session, index: number): void {
  if (index < 0) return;
  if (session.ready.length === 1) session.ready = NONE_READY;
  else listOf(session).splice(index, 1);
}

/** One that has some: its list is its own. */
const listOf = (session: Session): SessionCursor[] => session.ready as SessionCursor[];
