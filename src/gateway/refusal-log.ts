import type { Principal } from '../auth/types.ts';
import type { Clock } from '../common/clock.ts';
import { LineShare } from '../common/line-share.ts';
import type { Logger } from '../common/logger.ts';

/** What a client was refused; each kind has its own share of the log. */
export const Refused = {
  CONNECT: 'connect',
  PUBLISH: 'publish',
  SUBSCRIBE: 'subscribe',
} as const;
export type Refused = (typeof Refused)[keyof typeof Refused];

/** Characters of what a client has chosen. */
const MAX_TEXT = 128;

/** Whose request it was. */
export interface RefusedClient {
  readonly principal: Principal;
  readonly remoteAddress: string;
}

/**
 * Tells who was not let in, or not allowed to do something, at level info: client, address and reason, never what it
 * has presented as password. Anyone can cause these lines, so that they are few however many the refusals, and short.
 */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #shares = new Map<Refused, LineShare>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** @param topic name or filter, of PUBLISH, SUBSCRIBE and wills */
  report(refused: Refused, client: RefusedClient, reason: string, topic?: string): void {
    if (!this.#shareOf(refused).take()) return;
    const { clientId, username } = client.principal;
    this.#logger.info(
      {
        refused,
        clientId: shortened(clientId),
        username: shortened(username),
        peer: client.remoteAddress,
        topic: shortened(topic),
        reason,
      },
      'refused a client',
    );
  }

  #shareOf(refused: Refused): LineShare {
    let share = this.#shares.get(refused);
    if (share === undefined) {
      share = new LineShare(this.#clock, (times) => {
        this.#logger.info({ refused, times }, 'refused clients more often than is told');
      });
      this.#shares.set(refused, share);
    }
    return share;
  }
}

function shortened(text: string | undefined): string | undefined {
  return text === undefined || text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
