import { randomUUID } from 'node:crypto';
import { ErrorCode, messageOf, StoreError } from '../../common/errors.ts';
import { NO_GENERATION } from '../../common/store-table.ts';
import type {
  Hello,
  NodeFrame,
  StoreFigures,
  StoreFrame,
  Welcome,
} from '../../rpc/messages/store-v1.ts';
import { BackPressure } from '../spi/back-pressure.ts';
import type { StoreStats } from '../spi/lmq-store.ts';
import type { Arrival } from '../spi/types.ts';
import { Attachment, type AttachedNode } from './attachment.ts';
import { helloParts } from './hello.ts';
import type { RemoteStoreOptions } from './remote-options.ts';
import { assembleParts, type RemoteParts } from './remote-parts.ts';
import { storeErrorOf } from './store-failure.ts';
import type { StoreDialer } from './store-link.ts';

const HEARTBEAT: NodeFrame = { requests: [] };
const NO_FIGURES: StoreFigures = { recordsStored: 0, bytesStored: 0, recordsExpired: 0 };

/** One life of this node at the store: brings frames to the parts, in the order that the protocol sets. */
export class RemoteNode implements AttachedNode {
  readonly parts: RemoteParts;
  readonly attachment: Attachment;
  readonly #options: RemoteStoreOptions;
  readonly nodeId: string = randomUUID();
  readonly #arrivalListeners: ((arrivals: readonly Arrival[]) => void)[] = [];
  readonly #writableListeners: (() => void)[] = [];
  #onFenced: ((reason: string) => void) | undefined;
  #isSilent = false;
  #onSilent: ((isSilent: boolean) => void) | undefined;
  #fencedFor: string | undefined;
  #storeId: string | undefined;
  readonly #pressure: BackPressure;
  #isSuspended = false;
  #figures: StoreFigures = NO_FIGURES;
  /** As the store has said on this link; undefined: not yet, or it is of a version that does not. */
  leastGeneration: number | undefined;
  origin = 0;

  constructor(options: RemoteStoreOptions, dial: StoreDialer) {
    this.#options = options;
    const { leaseMs, reconnectMinMs, reconnectMaxMs, clock, logger } = options;
    this.#pressure = new BackPressure(options.maxBacklogBytes);
    this.attachment = new Attachment({
      dial,
      node: this,
      leaseMs,
      startTimeoutMs: options.requestTimeoutMs,
      reconnectMinMs,
      reconnectMaxMs,
      clock,
      logger,
    });
    this.parts = assembleParts(options, this.attachment);
  }

  /** The store has taken it in at least once. */
  get wasWelcomed(): boolean {
    return this.#storeId !== undefined;
  }

  get writable(): boolean {
    return this.#pressure.takesMore(this.parts.commits.backlogBytes) && !this.#isSuspended;
  }

  get stats(): StoreStats {
    const { writer, outcomes, ring, queues } = this.parts;
    const { recordsExpired, recordsStored, bytesStored } = this.#figures;
    return {
      commits: outcomes.durableCommits,
      recordsAppended: writer.recordsAppended,
      bytesAppended: writer.bytesAppended,
      tailBytes: ring.bytes,
      tailHits: queues.tailHits,
      tailMisses: queues.tailMisses,
      openQueues: queues.size,
      recordsExpired,
      minimaMoved: queues.minimaMoved,
      recordsStored,
      bytesStored,
    };
  }

  /** Not writable until `resume`. */
  suspend(): void {
    this.#isSuspended = true;
  }

  resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    if (this.writable) this.#tellWritable();
  }

  onArrival(listener: (arrivals: readonly Arrival[]) => void): void {
    this.#arrivalListeners.push(listener);
  }

  onWritable(listener: () => void): void {
    this.#writableListeners.push(listener);
  }

  onFenced(listener: (reason: string) => void): void {
    this.#onFenced = listener;
    if (this.#fencedFor !== undefined) listener(this.#fencedFor);
  }

  greet(resumes: boolean): readonly Hello[] {
    const { claims, queues, filters, states } = this.parts;
    const { nodeName, leaseMs, generation, activeGeneration } = this.#options;
    return helloParts({
      nodeId: this.nodeId,
      nodeName,
      leaseMs,
      resumes,
      claims: claims.greet(),
      queues: queues.greet(),
      filters: filters.greet(),
      watchedSpaces: states.greet(),
      generation: generation(),
      activeGeneration: activeGeneration(),
    });
  }

  beat(): NodeFrame {
    const generation = this.#options.generation();
    if (generation === NO_GENERATION) return HEARTBEAT;
    return { requests: [], generation, activeGeneration: this.#options.activeGeneration() };
  }

  welcomed(welcome: Welcome): void {
    const { numbers, outcomes, claims, queues, states, outbox } = this.parts;
    const lastDurable = numbers.commitOf(welcome.lastSequence);
    this.#storeId ??= welcome.storeId;
    if (welcome.storeId !== this.#storeId) {
      throw new StoreError(ErrorCode.STORE_FENCED, 'another store has the address now');
    }
    if (lastDurable < outcomes.lastDurable) {
      throw new StoreError(ErrorCode.STORE_FENCED, 'the store has lost what it had confirmed');
    }
    this.origin = welcome.origin;
    const tellCommits = this.#settle(lastDurable, undefined);
    claims.welcomed(welcome.lostClaims);
    const arrivals = queues.welcomed(welcome.queues);
    states.rejoined();
    tellCommits();
    this.#announce(arrivals);
    outbox.schedule();
  }

  received(frame: StoreFrame): void {
    const { numbers, requests, states, claims, orphans, outbox } = this.parts;
    const { settled, figures } = frame;
    // Before the commits: who writes a key sees that another node has written it in the same commit.
    for (const change of frame.stateChanges) states.changed(change);
    let tellCommits: (() => void) | undefined;
    if (settled !== null && settled !== undefined) {
      const { sequence, error } = settled;
      const failure = error === null || error === undefined ? undefined : storeErrorOf(error);
      tellCommits = this.#settle(numbers.commitOf(sequence), failure);
    }
    const arrivals = this.#read(frame);
    tellCommits?.();
    this.#announce(arrivals);
    if (figures !== null && figures !== undefined) this.#figures = figures;
    // To a store that gives marks only: another one would take it for a heartbeat.
    if (frame.mark !== undefined) this.attachment.send({ requests: [], mark: frame.mark });
    if (frame.leastGeneration !== undefined) this.leastGeneration = frame.leastGeneration;
    for (const reply of frame.replies) requests.answer(reply);
    for (const key of frame.revoked) claims.revoked(key);
    if (frame.orphans.length > 0) orphans.given(frame.orphans);
    outbox.schedule();
  }

  drained(): void {
    this.parts.outbox.schedule();
  }

  lost(): void {
    this.leastGeneration = undefined;
    this.parts.outbox.rewind();
    this.parts.states.lost();
    this.parts.orphans.lost();
  }

  silent(isSilent: boolean): void {
    const { logger } = this.#options;
    if (isSilent) logger.warn({}, 'the store may soon count this node as dead');
    else logger.info({}, 'the store counts this node as living');
    this.#isSilent = isSilent;
    this.#onSilent?.(isSilent);
  }

  onSilent(listener: (isSilent: boolean) => void): void {
    this.#onSilent = listener;
    if (this.#isSilent) listener(true);
  }

  fenced(reason: string): void {
    if (this.#fencedFor !== undefined) return;
    this.#fencedFor = reason;
    this.#options.logger.error({ reason }, 'this node is dead to the store and has to begin anew');
    this.end(new StoreError(ErrorCode.STORE_FENCED, `this node is dead to the store: ${reason}`));
    this.#onFenced?.(reason);
  }

  /** The node goes, and with it everything that is not durable. */
  end(error: StoreError): void {
    this.attachment.close();
    this.parts.requests.stop();
    this.parts.requests.fail(error);
    this.parts.commits.fail(error);
  }

  #settle(commit: number, error: StoreError | undefined): () => void {
    const { commits, queues, claims } = this.parts;
    const tell = commits.settle(commit, error);
    queues.settled(commit);
    claims.settled(commit);
    return tell;
  }

  /** Broken records mean a broken store or stream: what is missing is pulled. */
  #read(frame: StoreFrame): Arrival[] {
    try {
      return this.parts.arrivals.read(frame);
    } catch (error) {
      this.#options.logger.error({ error: messageOf(error) }, 'arrivals cannot be read');
      return [];
    }
  }

  #announce(arrivals: readonly Arrival[]): void {
    if (arrivals.length > 0) for (const listener of this.#arrivalListeners) listener(arrivals);
    const hasEased = this.#pressure.hasEased(this.parts.commits.backlogBytes);
    if (hasEased && !this.#isSuspended) this.#tellWritable();
  }

  #tellWritable(): void {
    for (const listener of this.#writableListeners) listener();
  }
}
