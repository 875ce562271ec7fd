import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { type Cluster, ClaimKind, claimKey } from '../../lmq/spi/cluster.ts';

/** Topics looked at in one sweep. */
const SWEEP_STEP = 10_000;
/**
 * How long a message outlives its expiry in the store where other gateways write too, ms: one of them may be
 * replacing it in this moment. It is not delivered any more.
 */
const SHARED_GRACE_MS = 60_000;
/** One gateway removes what has expired for all. */
const EXPIRY_DUTY = claimKey(ClaimKind.DUTY, 'retained-expiry');

export interface RetainedExpiryOptions {
  /** Undefined when no other gateway is on the store. */
  readonly cluster: Pick<Cluster, 'claimIfFree'> | undefined;
  /** The message of the topic has expired by `now`, ms since 1970, and this gateway is to remove it. */
  readonly onExpired: (topic: string, now: number) => void;
  readonly logger: Logger;
}

/** When retained messages expire (MQTT 5 §3.3.2.3.3), and whose duty it is to remove those that have. */
export class RetainedExpiry {
  readonly #options: RetainedExpiryOptions;
  /** Topics with message expiry → when, ms since 1970. */
  readonly #times = new Map<string, number>();
  #sweep: Iterator<readonly [string, number]> | undefined;
  #isMyDuty: boolean;

  constructor(options: RetainedExpiryOptions) {
    this.#options = options;
    this.#isMyDuty = options.cluster === undefined;
  }

  /** Whether this gateway is the one that removes what has expired. */
  get isMyDuty(): boolean {
    return this.#isMyDuty;
  }

  set(topic: string, expiresAt: number): void {
    this.#times.set(topic, expiresAt);
  }

  delete(topic: string): void {
    this.#times.delete(topic);
  }

  /** To be called now and then: looks at some more of the topics, and at all of them in turn. */
  sweep(now: number): void {
    const { cluster, onExpired } = this.#options;
    const overBy = now - (cluster === undefined ? 0 : SHARED_GRACE_MS);
    if (this.#sweep === undefined) {
      this.#sweep = this.#times.entries();
      if (cluster !== undefined) this.#askForDuty(cluster);
    }
    for (let i = 0; i < SWEEP_STEP; i++) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = undefined;
        return;
      }
      const [topic, expiresAt] = next.value;
      if (expiresAt <= overBy && this.#isMyDuty) onExpired(topic, overBy);
    }
  }

  #askForDuty(cluster: Pick<Cluster, 'claimIfFree'>): void {
    if (this.#times.size === 0) return;
    cluster.claimIfFree(EXPIRY_DUTY).then(
      (isMine) => {
        this.#isMyDuty = isMine;
      },
      (error: unknown) => {
        this.#isMyDuty = false;
        const { logger } = this.#options;
        logger.warn({ error: messageOf(error) }, 'removing expired retained messages waits');
      },
    );
  }
}
