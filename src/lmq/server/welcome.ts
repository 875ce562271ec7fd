import type { QueueBounds, Welcome } from '../../rpc/messages/store-v1.ts';
import type { Outbox } from './outbox.ts';

/** Entries of one welcome frame: well below the size of a message. */
const ENTRIES_AT_ONCE = 10_000;
const ENTRY_BYTES = 64;

export type WelcomeHead = Omit<Welcome, 'queues' | 'lostClaims' | 'more'>;

/** Sends a welcome in as many frames as its lists need. */
export function sendWelcome(
  outbox: Outbox,
  head: WelcomeHead,
  queues: readonly QueueBounds[],
  lostClaims: readonly string[],
): void {
  let at = 0;
  let more: boolean;
  do {
    const end = at + ENTRIES_AT_ONCE;
    more = end < queues.length || end < lostClaims.length;
    const welcome = {
      ...head,
      queues: queues.slice(at, end),
      lostClaims: lostClaims.slice(at, end),
      more,
    };
    outbox.welcome(welcome, (welcome.queues.length + welcome.lostClaims.length) * ENTRY_BYTES);
    at = end;
  } while (more);
}
