import { ManualClock } from '../manual-clock.ts';
import { createLinkedStore } from '../../../../src/lmq/remote/create-remote-store.ts';
import type { RemoteStoreOptions } from '../../../../src/lmq/remote/remote-options.ts';
import type { RemoteStore } from '../../../../src/lmq/remote/remote-store.ts';
import type { StoreLink, StoreLinkEvents } from '../../../../src/lmq/remote/store-link.ts';
import type { Queue, QueueName } from '../../../../src/lmq/spi/types.ts';
import type {
  Batch,
  NodeFrame,
  QueueBounds,
  Reply,
  Request,
  StoreFrame,
  Welcome,
} from '../../../../src/rpc/messages/store-v1.ts';

/** A frame with what is said and nothing else. */
export function storeFrame(said: Partial<StoreFrame>): StoreFrame {
  return {
    stateChanges: [],
    blocks: [],
    arrivals: [],
    replies: [],
    revoked: [],
    orphans: [],
    moved: [],
    ...said,
  };
}

export function welcomeOf(said: Partial<Welcome> = {}): Welcome {
  return {
    version: 1,
    storeId: 'store',
    storeEpoch: 'epoch',
    origin: 7,
    leaseMs: 9_000,
    lastSequence: 0,
    queues: [],
    lostClaims: [],
    more: false,
    ...said,
  };
}

export function boundsOf(id: number, name: string, end = 0): QueueBounds {
  return { id, name, minOffset: 0, maxOffset: end, nextOffset: end };
}

/** The store's end of one link. */
export class FakeLink implements StoreLink {
  readonly address = 'fake';
  readonly sent: NodeFrame[] = [];
  readonly #events: StoreLinkEvents;
  isClosed = false;
  hasRoom = true;

  constructor(events: StoreLinkEvents) {
    this.#events = events;
  }

  send(frame: NodeFrame): boolean {
    this.sent.push(frame);
    return this.hasRoom;
  }

  close(): void {
    this.isClosed = true;
  }

  say(said: Partial<StoreFrame>): void {
    this.#events.onFrame(storeFrame(said));
  }

  drain(): void {
    this.hasRoom = true;
    this.#events.onDrain();
  }

  end(isRefused = false): void {
    this.#events.onEnd('ended', isRefused);
  }

  /** Nobody listens at the address. */
  absent(): void {
    this.#events.onEnd('refused', false, true);
  }

  get batches(): readonly Batch[] {
    return this.sent.flatMap(({ batch }) => batch ?? []);
  }

  get requests(): readonly Request[] {
    return this.sent.flatMap(({ requests }) => requests);
  }

  /** Answers the newest request that has this field. */
  answer(kind: keyof Request, reply: Omit<Reply, 'id'>): void {
    const request = this.requests.findLast((one) => one[kind] !== undefined);
    if (request === undefined) throw new Error(`no ${kind} was asked for`);
    this.say({ replies: [{ ...reply, id: request.id }] });
  }
}

/** A remote store whose other end, and whose time, are in the hands of the test. */
export class FakeStore {
  readonly clock: ManualClock = new ManualClock();
  readonly links: FakeLink[] = [];
  readonly node: RemoteStore;
  isAway = false;

  constructor(options: Partial<RemoteStoreOptions> = {}) {
    this.node = createLinkedStore(
      { nodeName: 'node', leaseMs: 9_000, clock: this.clock, ...options },
      (events) => {
        if (this.isAway) throw new Error('nobody there');
        const link = new FakeLink(events);
        this.links.push(link);
        return link;
      },
    );
  }

  /** The newest link. */
  get link(): FakeLink {
    const link = this.links.at(-1);
    if (link === undefined) throw new Error('the node has not dialled');
    return link;
  }

  /** Starts the node with a store that has nothing. */
  async attach(): Promise<void> {
    const started = this.node.start();
    this.link.say({ welcome: welcomeOf() });
    await settle();
    this.link.answer('listFilters', { filters: { filters: [] } });
    await started;
  }

  /** Loses the link; the node dials again and is welcomed. */
  async reattach(welcome: Partial<Welcome> = {}): Promise<void> {
    this.link.end();
    this.clock.advance(1_000);
    this.link.say({ welcome: welcomeOf(welcome) });
    await settle();
  }

  /** Opens a queue at an empty or filled queue of the store. */
  async open(id: number, name: string, end = 0): Promise<Queue> {
    const opening = this.node.openQueue(name as QueueName);
    await settle();
    this.link.answer('openQueue', { queue: boundsOf(id, name, end) });
    return opening;
  }
}

/** Until what was written in this turn is sent, and what was answered is known. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}
