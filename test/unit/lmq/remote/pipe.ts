import type { NodeFrame, StoreFrame, StoreMethods } from '../../../../src/rpc/messages/store-v1.ts';
import { loadService } from '../../../../src/rpc/proto.ts';
import type {
  StoreDialer,
  StoreLink,
  StoreLinkEvents,
} from '../../../../src/lmq/remote/store-link.ts';
import { NodeStream } from '../../../../src/lmq/server/node-stream.ts';
import type { NodeLink } from '../../../../src/lmq/server/outbox.ts';
import type { StoreCore } from '../../../../src/lmq/server/store-core.ts';

const { attach } = loadService<StoreMethods>('lmqtt.store.v1.Store');

/** One stream between a node and a store server without a network: frames are encoded, and lost when it is cut. */
class PipeStream implements StoreLink, NodeLink {
  readonly address = 'pipe';
  readonly isCongested = false;
  isPaused = false;
  readonly #events: StoreLinkEvents;
  readonly #stream: NodeStream;
  #up: Buffer[] = [];
  #isOver = false;

  constructor(core: StoreCore, events: StoreLinkEvents) {
    this.#events = events;
    this.#stream = new NodeStream(core, this);
  }

  send(frame: NodeFrame): boolean {
    this.#up.push(attach.requestSerialize(frame));
    setImmediate(() => {
      this.#deliver();
    });
    return true;
  }

  write(frame: StoreFrame): void {
    const bytes = attach.responseSerialize(frame);
    setImmediate(() => {
      if (!this.#isOver) this.#events.onFrame(attach.responseDeserialize(bytes));
    });
  }

  end(): void {
    setImmediate(() => {
      this.cut('ended by the store');
    });
  }

  fail(status: number, message: string): void {
    setImmediate(() => {
      this.cut(`${String(status)} ${message}`);
    });
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.#deliver();
  }

  close(): void {
    this.#end();
  }

  cut(reason: string): void {
    if (this.#end()) this.#events.onEnd(reason, false);
  }

  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#up = [];
    setImmediate(() => {
      this.#stream.over();
    });
    return true;
  }

  #deliver(): void {
    while (!this.isPaused && !this.#isOver) {
      const bytes = this.#up.shift();
      if (bytes === undefined) return;
      this.#stream.receive(attach.requestDeserialize(bytes));
    }
  }
}

/** Links from one node to whatever core there is at the moment. */
export class Pipe {
  readonly #core: () => StoreCore | undefined;
  #stream: PipeStream | undefined;
  links = 0;

  constructor(core: () => StoreCore | undefined) {
    this.#core = core;
  }

  readonly dial: StoreDialer = (events) => {
    const core = this.#core();
    if (core === undefined) throw new Error('no store');
    this.links++;
    return (this.#stream = new PipeStream(core, events));
  };

  /** Loses what is under way in both directions. */
  cut(): void {
    this.#stream?.cut('cut');
  }
}
