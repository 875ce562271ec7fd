import type { Logger } from '../../common/logger.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import { frameOf } from './outbox.ts';
import type { ServerNode } from './server-node.ts';
import type { ServerParts } from './server-parts.ts';

/** How nodes go: their stream is over, they die, or they say goodbye. */
export class NodeDepartures {
  readonly #store: Pick<LmqStore, 'openCommit'>;
  readonly #parts: ServerParts;
  readonly #logger: Logger;
  /** Called when the end of a node is durable. */
  onGone: () => void = () => undefined;

  constructor(store: Pick<LmqStore, 'openCommit'>, parts: ServerParts, logger: Logger) {
    this.#store = store;
    this.#parts = parts;
    this.#logger = logger;
  }

  /** The node has no stream any more; it has its lease to come back. */
  leave(node: ServerNode): void {
    const { claims, orphans, watch, feed } = this.#parts;
    node.outbox?.close();
    node.outbox = undefined;
    node.link = undefined;
    claims.dropWaits(node);
    watch.left(node);
    feed.left(node);
    orphans.left(node);
  }

  /** The node is dead to the store: what it has is free as soon as the disk knows that. */
  die(node: ServerNode, reason: string): void {
    if (node.isDead) return;
    this.#parts.counters.nodesFenced++;
    this.#logger.warn({ node: node.name, reason }, 'gateway node is dead');
    const { link } = node;
    this.leave(node);
    link?.write(frameOf({ fenced: { reason } }), reason.length);
    link?.end();
    this.#bury(node, () => undefined);
  }

  /**
   * The node ends of its own accord.
   * @param done called when that is durable, just before its stream ends
   */
  sayGoodbye(node: ServerNode, done: () => void): void {
    if (node.isDead) return;
    const { link, outbox } = node;
    this.#bury(node, () => {
      done();
      outbox?.flush();
      this.leave(node);
      link?.end();
      this.#logger.info({ node: node.name }, 'gateway node has left');
    });
  }

  #bury(node: ServerNode, done: () => void): void {
    const { nodes, claims, filters, queues, orphans, ledger, switches } = this.#parts;
    nodes.remove(node);
    node.isExpected = false;
    claims.beginDeath(node);
    filters.drop(node);
    queues.closeAll(node);
    ledger.whenOver(this.#store.openCommit, (error) => {
      if (error !== undefined) return;
      claims.finishDeath(node);
      switches.look();
      done();
      orphans.handOut();
      this.onGone();
    });
  }
}
