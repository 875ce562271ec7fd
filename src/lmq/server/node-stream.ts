import { messageOf } from '../../common/errors.ts';
import type { NodeFrame } from '../../rpc/messages/store-v1.ts';
import { RpcStatus } from '../../rpc/rpc-status.ts';
import { NodeHello } from './node-hello.ts';
import { NodeProtocolError } from './node-protocol-error.ts';
import type { NodeLink } from './outbox.ts';
import { Refusal } from './refusal.ts';
import type { Attachment, StoreCore } from './store-core.ts';

/** One stream from a node: its hello, and then its frames in their order. */
export class NodeStream {
  readonly #core: StoreCore;
  readonly #link: NodeLink;
  #hello: NodeHello | undefined;
  #attachment: Attachment | undefined;
  /** Frames that came while the node was being welcomed. */
  #early: NodeFrame[] = [];
  #isOver = false;

  constructor(core: StoreCore, link: NodeLink) {
    this.#core = core;
    this.#link = link;
  }

  receive(frame: NodeFrame): void {
    if (this.#isOver) return;
    try {
      if (this.#attachment !== undefined) this.#take(this.#attachment, frame);
      else if (this.#hello?.isComplete === true) this.#early.push(frame);
      else this.#greet(frame);
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** The node should have said hello by now. */
  expectHello(): void {
    if (this.#isOver || this.#hello?.isComplete === true) return;
    this.#refuse(new Refusal(RpcStatus.DEADLINE_EXCEEDED, 'no hello'));
  }

  /** The stream is over, whoever has ended it. */
  over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#early = [];
    this.#attachment?.requests.close();
    const node = this.#attachment?.node ?? this.#greeted();
    if (node !== undefined) this.#core.detach(node, this.#link);
  }

  /** There is room for more on the way to the node. */
  drained(): void {
    if (this.#isOver || this.#attachment === undefined) return;
    this.#core.drained(this.#attachment.node);
    this.#attachment.requests.drained();
  }

  #take({ node, requests }: Attachment, frame: NodeFrame): void {
    if (node.isDead) return;
    this.#core.renew(node);
    const { hello, batch, generation, activeGeneration, mark } = frame;
    if (generation !== undefined) node.generation = generation;
    if (activeGeneration !== undefined && activeGeneration !== node.activeGeneration) {
      node.activeGeneration = activeGeneration;
      this.#core.parts.switches.look();
    }
    if (isSet(hello)) throw new NodeProtocolError('a second hello');
    if (isSet(batch)) {
      this.#core.parts.batches.apply(node, batch);
      this.#core.pauseIfFull(node);
    } else if (frame.requests.length === 0 && mark === undefined) {
      this.#core.tellFigures(node, frame.beat);
    }
    for (const request of frame.requests) requests.handle(request);
    if (mark !== undefined && node.outbox?.handled(mark) === true) this.#core.drained(node);
  }

  #greet({ hello }: NodeFrame): void {
    if (!isSet(hello)) throw new NodeProtocolError('a stream begins with a hello');
    if (this.#hello === undefined) this.#hello = new NodeHello(hello);
    else this.#hello.add(hello);
    if (!this.#hello.isComplete) return;
    // nothing is read until the node is welcome: what it sends then waits at its side
    this.#link.pause();
    this.#core.attach(this.#hello, this.#link).then(
      (attachment) => {
        this.#welcomed(attachment);
      },
      (error: unknown) => {
        this.#refuse(error);
      },
    );
  }

  #welcomed(attachment: Attachment | undefined): void {
    if (attachment === undefined || this.#isOver) return;
    this.#attachment = attachment;
    const early = this.#early;
    this.#early = [];
    this.#link.resume();
    for (const frame of early) this.receive(frame);
  }

  /** The node of a hello that is not answered yet. */
  #greeted(): Attachment['node'] | undefined {
    const id = this.#hello?.first.nodeId;
    return id === undefined ? undefined : this.#core.parts.nodes.get(id);
  }

  #refuse(error: unknown): void {
    const { counters } = this.#core.parts;
    if (error instanceof NodeProtocolError) counters.protocolErrors++;
    else if (this.#attachment === undefined) counters.hellosRefused++;
    const status =
      error instanceof NodeProtocolError
        ? RpcStatus.INVALID_ARGUMENT
        : error instanceof Refusal
          ? error.status
          : RpcStatus.INTERNAL;
    this.over();
    this.#link.fail(status, messageOf(error));
  }
}

/** Messages that are not sent come as null. */
function isSet<T>(message: T | null | undefined): message is T {
  return message !== undefined && message !== null;
}
