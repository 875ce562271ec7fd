import { randomUUID } from 'node:crypto';
import { messageOf } from '../../common/errors.ts';
import { RpcStatus } from '../../rpc/rpc-status.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import { adoptSessions, findWills } from './left-behind.ts';
import { FrameSchedule } from './frame-schedule.ts';
import { LeaseWatch } from './lease-watch.ts';
import { NodeAdmission } from './node-admission.ts';
import { NodeDepartures } from './node-departures.ts';
import { STORE_PROTOCOL_VERSION, type NodeHello } from './node-hello.ts';
import { boundsOf, type OpenQueue } from './open-queues.ts';
import { Outbox, type NodeLink } from './outbox.ts';
import { Refusal } from './refusal.ts';
import { RequestHandler } from './request-handler.ts';
import { restoreServer } from './restore-server.ts';
import { assembleServer, type CompleteOptions, type ServerParts } from './server-parts.ts';
import type { ServerNode } from './server-node.ts';
import type { StoreServerStats } from './store-server-stats.ts';
import { sendWelcome } from './welcome.ts';

/** Queues of a hello that are opened at once. */
const OPENS_AT_ONCE = 1_000;
/** Queues that a node is told of in one frame. */
const MOVED_AT_ONCE = 10_000;

/** A node and what its stream needs. */
export interface Attachment {
  readonly node: ServerNode;
  readonly outbox: Outbox;
  readonly requests: RequestHandler;
}

/** Who is there: the life of nodes from their first hello to their death. */
export class StoreCore {
  readonly parts: ServerParts;
  readonly #options: CompleteOptions;
  readonly #store: LmqStore;
  readonly #leases: LeaseWatch;
  readonly #epoch = randomUUID();
  readonly #departures: NodeDepartures;
  readonly #admission: NodeAdmission;
  readonly #frames = new FrameSchedule();
  readonly #paused = new Set<ServerNode>();
  /** What was left behind before the store's start has been looked for. */
  #hasSwept = false;
  #isStopped = false;

  constructor(options: CompleteOptions) {
    this.#options = options;
    this.#store = options.store;
    this.parts = assembleServer(options);
    this.#departures = new NodeDepartures(this.#store, this.parts, options.logger);
    this.#leases = new LeaseWatch(
      options.clock,
      options.leaseMs,
      () => this.parts.nodes.all,
      (node) => {
        this.parts.counters.leasesExpired++;
        this.#departures.die(node, `silent for more than ${String(node.leaseMs)} ms`);
      },
    );
    const { leaseMs, maxNodes } = options;
    const { minLeaseMs } = this.#leases;
    this.#admission = new NodeAdmission(this.parts, this.#departures, {
      maxNodes,
      leaseMs,
      minLeaseMs,
    });
    this.#departures.onGone = () => {
      this.#sweep();
    };
    this.#store.onCommit((commit, error) => {
      this.#onCommit(commit, error);
    });
    this.#store.onArrival((arrivals) => {
      this.parts.feed.tell(arrivals);
    });
    this.#store.onWritable(() => {
      this.#resume();
    });
  }

  get stats(): Omit<StoreServerStats, 'callsRefused'> {
    const { nodes, claims, orphans, queues, counters } = this.parts;
    return {
      batches: counters.batches,
      records: counters.records,
      nodesFenced: counters.nodesFenced,
      leasesExpired: counters.leasesExpired,
      hellosRefused: counters.hellosRefused,
      arrivalsBehind: counters.arrivalsBehind,
      protocolErrors: counters.protocolErrors,
      nodes: nodes.size,
      attachedNodes: nodes.attached,
      claims: claims.size,
      orphans: orphans.size,
      openQueues: queues.size,
    };
  }

  async start(): Promise<void> {
    const { nodes } = this.parts;
    await this.parts.generation.restore();
    const isKnown = await restoreServer(this.#store, this.parts, this.#options.clock.monotonic());
    if (!isKnown) {
      await adoptSessions({ store: this.#store, ...this.parts });
      nodes.saveIdentity();
      await this.#store.committed(this.#store.openCommit);
    }
    for (const node of nodes.all) node.lastSeen = this.#options.clock.monotonic();
    this.#leases.start();
    this.#sweep();
  }

  /** Takes nothing more, settles what has been taken, and lets the nodes go: they will be back. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#leases.stop();
    for (const { link } of this.parts.nodes.all) link?.pause();
    // A commit that fails is told to the nodes that wrote it, with the frames below.
    await this.#store.committed(this.#store.openCommit).catch(() => undefined);
    this.#frames.flush();
    for (const node of [...this.parts.nodes.all]) {
      const { link } = node;
      this.#departures.leave(node);
      link?.fail(RpcStatus.UNAVAILABLE, 'the store stops');
    }
  }

  /** A node has given a sign of life. */
  renew(node: ServerNode): void {
    node.lastSeen = this.#options.clock.monotonic();
  }

  /**
   * Welcomes a node that has said hello.
   * @returns undefined when its stream, or the node, was gone before that
   * @throws Refusal (rejection); it has changed nothing then, unless the store has failed
   */
  async attach(hello: NodeHello, link: NodeLink): Promise<Attachment | undefined> {
    const { claims, filters, queues, ledger, orphans, watch } = this.parts;
    const node = this.#admission.admit(hello, link, this.#options.clock.monotonic());
    if (node === undefined) return undefined;
    this.#sweep();
    const lostClaims = claims.reattached(node, hello.claims);
    filters.set(node, hello.filters);
    const durable = new Promise<void>((resolve, reject) => {
      ledger.afterOpenCommit(this.#store, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
    const [open] = await Promise.all([this.#openAll(node, hello), durable]).catch(
      (error: unknown) => {
        throw new Refusal(RpcStatus.UNAVAILABLE, messageOf(error));
      },
    );
    if (node.link !== link || node.isDead || this.#isStopped) return undefined;
    queues.closeAll(node, new Set(open));
    node.topics = new Map();
    const outbox = new Outbox(link, (dirty) => {
      this.#frames.add(dirty);
    });
    node.outbox = outbox;
    for (const space of hello.watched) watch.watch(node, space);
    const bounds = open.map(({ queue }) => boundsOf(queue));
    sendWelcome(outbox, this.#welcomeHead(node), bounds, lostClaims);
    this.parts.switches.welcomed(node);
    claims.askAgain(node);
    orphans.handOut();
    this.#options.logger.info({ node: node.name, origin: node.origin }, 'gateway node attached');
    return { node, outbox, requests: this.#requestsOf(node, outbox) };
  }

  /** The stream of a node is over; the node has its lease to come back. */
  detach(node: ServerNode, link: NodeLink): void {
    if (node.link !== link) return;
    // while nothing was read it was not silent
    if (link.isPaused) this.renew(node);
    this.#departures.leave(node);
    if (!node.isDead) this.#options.logger.warn({ node: node.name }, 'gateway node detached');
  }

  /** Batches of the node wait until the store has room again. */
  pauseIfFull(node: ServerNode): void {
    if (this.#store.writable) return;
    this.#paused.add(node);
    node.link?.pause();
  }

  /** The stream of a node has room again. */
  drained(node: ServerNode): void {
    this.parts.feed.drained(node);
  }

  /** Answers an empty frame. */
  tellFigures(node: ServerNode, beat: number | undefined): void {
    const { outbox } = node;
    if (outbox === undefined) return;
    const { recordsStored, bytesStored, recordsExpired, minimaMoved } = this.#store.stats;
    outbox.figures({ recordsStored, bytesStored, recordsExpired, beat });
    if (minimaMoved === node.toldMoves) return;
    node.toldMoves = minimaMoved;
    let count = 0;
    for (const open of this.parts.queues.ofNode(node)) {
      if (open.toldMinimum === open.queue.minOffset) continue;
      open.toldMinimum = open.queue.minOffset;
      outbox.moved(boundsOf(open.queue));
      if (++count % MOVED_AT_ONCE === 0) outbox.flush();
    }
  }

  async #openAll(node: ServerNode, { queues }: NodeHello): Promise<OpenQueue[]> {
    const open: OpenQueue[] = [];
    for (let at = 0; at < queues.length; at += OPENS_AT_ONCE) {
      const names = queues.slice(at, at + OPENS_AT_ONCE);
      const opened = await Promise.all(names.map((name) => this.parts.queues.open(node, name)));
      for (const queue of opened) open.push(queue);
    }
    return open;
  }

  #welcomeHead(node: ServerNode): Parameters<typeof sendWelcome>[1] {
    return {
      version: STORE_PROTOCOL_VERSION,
      storeId: this.parts.nodes.storeId,
      storeEpoch: this.#epoch,
      origin: node.origin,
      leaseMs: node.leaseMs,
      lastSequence: node.settledSequence,
    };
  }

  #requestsOf(node: ServerNode, outbox: Outbox): RequestHandler {
    const { ledger, claims, queues, orphans, watch } = this.parts;
    const { maxRequestsPerNode, maxClaimsPerNode } = this.#options;
    const goodbye = (leaving: ServerNode, done: () => void): void => {
      this.#departures.sayGoodbye(leaving, done);
    };
    const store = this.#store;
    return new RequestHandler(
      {
        store,
        ledger,
        claims,
        queues,
        orphans,
        watch,
        maxRequestsPerNode,
        maxClaimsPerNode,
        goodbye,
      },
      node,
      outbox,
    );
  }

  #onCommit(commit: number, error: Error | undefined): void {
    const { nodes, ledger } = this.parts;
    for (const node of nodes.all) node.outbox?.beginCommit();
    ledger.settle(commit, error);
    // after the arrivals of this commit, which are told next
    queueMicrotask(() => {
      this.#frames.flush();
    });
  }

  #resume(): void {
    const paused = [...this.#paused];
    this.#paused.clear();
    for (const node of paused) {
      if (node.link === undefined) continue;
      this.renew(node);
      node.link.resume();
    }
  }

  /** When nobody can come back any more from before the store's start: what do they leave behind? */
  #sweep(): void {
    if (this.#hasSwept || this.parts.nodes.expectsNodes) return;
    this.#hasSwept = true;
    findWills({ store: this.#store, ...this.parts }).then(
      () => {
        this.parts.orphans.handOut();
      },
      (error: unknown) => {
        this.#options.logger.error({ error: messageOf(error) }, 'wills cannot be looked for');
      },
    );
  }
}
