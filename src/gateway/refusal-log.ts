import type { Principal } from '../auth/types.ts';
import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';

/** What a client was refused; each kind has its own share of the log. */
export const Refused = {
  CONNECT: 'connect',
  PUBLISH: 'publish',
  SUBSCRIBE: 'subscribe',
} as const;
export type Refused = (typeof Refused)[keyof typeof Refused];

/** Lines of one kind in `INTERVAL_MS`; what comes then is counted, and told as one line. */
export const MAX_LINES = 20;
/** Length of the time that `MAX_LINES` is for, ms. */
export const INTERVAL_MS: number = 60_000;
/** Characters of what a client has chosen. */
const MAX_TEXT = 128;

/** Whose request it was. */
export interface RefusedClient {
  readonly principal: Principal;
  readonly remoteAddress: string;
}

interface Share {
  /** Monotonic clock of the first line, ms. */
  since: number;
  lines: number;
  /** Told by no line so far. */
  untold: number;
}

/**
 * Tells who was not let in, or not allowed to do something, at level info: client, address and reason, never what it
 * has presented as password. Anyone can cause these lines, so that they are few however many the refusals, and short.
 */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #shares = new Map<Refused, Share>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** @param topic name or filter, of PUBLISH, SUBSCRIBE and wills */
  report(refused: Refused, client: RefusedClient, reason: string, topic?: string): void {
    const share = this.#shareOf(refused);
    if (share.lines === MAX_LINES) {
      if (share.untold++ === 0) this.#tellLater(refused, share);
      return;
    }
    share.lines++;
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

  #shareOf(refused: Refused): Share {
    const now = this.#clock.monotonic();
    let share = this.#shares.get(refused);
    // One that has something untold begins anew when that is told.
    if (share === undefined || (share.untold === 0 && now - share.since >= INTERVAL_MS)) {
      share = { since: now, lines: 0, untold: 0 };
      this.#shares.set(refused, share);
    }
    return share;
  }

  #tellLater(refused: Refused, share: Share): void {
    const delayMs = Math.max(0, share.since + INTERVAL_MS - this.#clock.monotonic());
    this.#clock.after(delayMs, () => {
      this.#shares.delete(refused);
      this.#logger.info(
        { refused, times: share.untold },
        'refused clients more often than is told',
      );
    });
  }
}

function shortened(text: string | undefined): string | undefined {
  return text === undefined || text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
