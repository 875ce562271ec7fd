import type { Clock, Timer } from '../../common/clock.ts';
import { ErrorCode, messageOf, StoreError } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Hello, NodeFrame, StoreFrame, Welcome } from '../../rpc/messages/store-v1.ts';
import { BackOff } from '../../common/back-off.ts';
import { SilenceWatch } from './silence-watch.ts';
import type { StoreDialer, StoreLink } from './store-link.ts';

/** What stands behind the attachment. */
export interface AttachedNode {
  /** All that the node is and holds, in one or more frames. */
  greet(resumes: boolean): readonly Hello[];
  /** What keeps it alive when it has nothing else to say. */
  beat(): NodeFrame;
  /**
   * The store has taken the node in; `link` may be used from now on.
   * @throws StoreError when the node cannot go on with what the store has
   */
  welcomed(welcome: Welcome): void;
  received(frame: StoreFrame): void;
  /** There is room to send. */
  drained(): void;
  /** What was under way may be lost. */
  lost(): void;
  /** The store may count the node as dead soon; false: it does not, as of now. */
  silent(isSilent: boolean): void;
  fenced(reason: string): void;
}

export interface AttachmentOptions {
  readonly dial: StoreDialer;
  readonly node: AttachedNode;
  readonly leaseMs: number;
  readonly startTimeoutMs: number;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Heartbeats in the time of a lease, and how many of them may be unanswered: a dead link is left after half
 * of the lease, so that there is time to come back on another one.
 */
const BEATS = 6;
const MAX_UNANSWERED = 2;
const MIN_BEAT_MS = 10;
/** Within this part of a lease a link has to be welcomed, and has at least so long. */
const WELCOMES = 3;
const MIN_WELCOME_MS = 1_000;

interface Starting {
  resolve(): void;
  reject(error: StoreError): void;
  readonly timeout: Timer;
}

/** Keeps the node attached to the store: dials, greets, stays alive, notices a dead link, dials again. */
export class Attachment {
  readonly #options: AttachmentOptions;
  readonly #backOff: BackOff;
  readonly #silence: SilenceWatch;
  #link: StoreLink | undefined;
  #isAttached = false;
  #isCongested = false;
  #isClosed = false;
  /** The store knows the node. */
  #resumes = false;
  /** The welcome so far, while it comes in parts. */
  #welcome: Welcome | undefined;
  /** Beats since the last frame of the store. */
  #unanswered = 0;
  #beat: Timer | undefined;
  #wait: Timer | undefined;
  #starting: Starting | undefined;
  /** The first welcome is waited for as long as it takes. */
  #isPatient = false;
  #lastReason = 'no attempt has ended';

  constructor(options: AttachmentOptions) {
    this.#options = options;
    this.#backOff = new BackOff(options.reconnectMinMs, options.reconnectMaxMs);
    this.#silence = new SilenceWatch(options.clock, (isSilent) => {
      options.node.silent(isSilent);
    });
  }

  /** Whether something can be sent now. */
  get canSend(): boolean {
    return this.#isAttached && !this.#isCongested;
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** Resolves with the first welcome. */
  start(): Promise<void> {
    const { clock, startTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const timeout = clock.after(
        startTimeoutMs,
        () => {
          this.#failStart(`the store cannot be reached: ${this.#lastReason}`);
        },
        true,
      );
      this.#starting = { resolve, reject, timeout };
      this.#dial();
    });
  }

  /** From now on `start` does not fail before `close`: the store may come at any time. */
  keepTrying(): void {
    this.#isPatient = true;
    this.#starting?.timeout.cancel();
  }

  send(frame: NodeFrame): void {
    const { batch } = frame;
    if (batch !== null && batch !== undefined) this.#silence.batchSent(batch.sequence);
    if (this.#link?.send(frame) === false) this.#isCongested = true;
  }

  /** A heartbeat out of turn: what it says is new. */
  beatNow(): void {
    if (this.#isAttached) this.send({ ...this.#options.node.beat(), beat: this.#silence.beat() });
  }

  /** Lets go of the store for good. */
  close(): void {
    this.#isClosed = true;
    this.#dropLink();
    this.#silence.stop();
    this.#wait?.cancel();
    this.#failStart('the store is closed');
  }

  #dial(): void {
    const { dial, node, clock, leaseMs } = this.#options;
    this.#welcome = undefined;
    try {
      const link = dial({
        onFrame: (frame) => {
          this.#received(link, frame);
        },
        onDrain: () => {
          this.#isCongested = false;
          if (this.#isAttached) node.drained();
        },
        onEnd: (reason, isRefused, isAbsent = false) => {
          if (this.#link !== link) return;
          if (isAbsent) this.#silence.absent();
          this.#lost(reason, isRefused);
        },
      });
      this.#link = link;
    } catch (error) {
      this.#lost(messageOf(error), false);
      return;
    }
    this.#wait = clock.after(Math.max(MIN_WELCOME_MS, leaseMs / WELCOMES), () => {
      this.#lost('no welcome in time', false);
    });
    this.#silence.dialled();
    for (const hello of node.greet(this.#resumes)) this.send({ hello, requests: [] });
  }

  #received(link: StoreLink, frame: StoreFrame): void {
    if (this.#link !== link) return;
    this.#unanswered = 0;
    const { node } = this.#options;
    if (frame.fenced !== null && frame.fenced !== undefined) {
      node.fenced(frame.fenced.reason);
      return;
    }
    if (!this.#isAttached && !this.#takeIn(frame)) return;
    this.#heard(frame);
    node.received(frame);
  }

  #heard({ settled, figures }: StoreFrame): void {
    if (settled !== null && settled !== undefined) this.#silence.batchSettled(settled.sequence);
    if (figures !== null && figures !== undefined) this.#silence.beatAnswered(figures.beat);
  }

  /** False while there is no whole welcome. */
  #takeIn({ welcome: part }: StoreFrame): boolean {
    if (part === null || part === undefined) {
      this.#lost('the first frame of the store is no welcome', true);
      return false;
    }
    const first = this.#welcome ?? part;
    this.#welcome =
      first === part
        ? part
        : {
            ...first,
            queues: [...first.queues, ...part.queues],
            lostClaims: [...first.lostClaims, ...part.lostClaims],
          };
    if (part.more) return false;
    const welcome = this.#welcome;
    const { node, leaseMs, clock, logger } = this.#options;
    try {
      this.#isAttached = true;
      node.welcomed(welcome);
    } catch (error) {
      node.fenced(messageOf(error));
      return false;
    }
    this.#wait?.cancel();
    this.#resumes = true;
    this.#backOff.reset();
    this.#unanswered = 0;
    const lease = welcome.leaseMs === 0 ? leaseMs : Math.min(leaseMs, welcome.leaseMs);
    this.#beat = clock.every(Math.max(MIN_BEAT_MS, lease / BEATS), () => {
      this.#keepAlive();
    });
    this.#silence.welcomed(lease);
    const { origin, storeEpoch, lastSequence } = welcome;
    const address = this.#link?.address;
    logger.info({ address, origin, storeEpoch, lastSequence }, 'attached to the store');
    this.#starting?.timeout.cancel();
    this.#starting?.resolve();
    this.#starting = undefined;
    return true;
  }

  #keepAlive(): void {
    // Beats are counted, not time: a process that was paused finds the answers waiting.
    if (this.#unanswered >= MAX_UNANSWERED) {
      this.#lost('the store is silent', false);
      return;
    }
    this.#unanswered++;
    this.send({ ...this.#options.node.beat(), beat: this.#silence.beat() });
  }

  #lost(reason: string, isRefused: boolean): void {
    if (this.#isClosed) return;
    const { node, clock, logger, reconnectMaxMs } = this.#options;
    const wasAttached = this.#isAttached;
    this.#dropLink();
    if (wasAttached) node.lost();
    if (isRefused && !this.#isPatient) this.#failStart(reason);
    if (wasAttached || isRefused) logger.warn({ reason }, 'the store is away');
    else if (reason !== this.#lastReason) logger.info({ reason }, 'the store cannot be reached');
    this.#lastReason = reason;
    // The node may have been closed by those who were told.
    if (this.#hasEnded()) return;
    const pause = isRefused ? reconnectMaxMs : this.#backOff.next();
    this.#wait = clock.after(pause, () => {
      this.#dial();
    });
  }

  #hasEnded(): boolean {
    return this.#isClosed;
  }

  #dropLink(): void {
    this.#link?.close();
    this.#link = undefined;
    this.#isAttached = false;
    this.#isCongested = false;
    this.#beat?.cancel();
    this.#beat = undefined;
    this.#wait?.cancel();
    this.#wait = undefined;
  }

  #failStart(reason: string): void {
    const starting = this.#starting;
    if (starting === undefined) return;
    this.#starting = undefined;
    starting.timeout.cancel();
    this.close();
    starting.reject(new StoreError(ErrorCode.STORE_UNAVAILABLE, reason, { retryable: true }));
  }
}
