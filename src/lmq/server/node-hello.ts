import type { Hello } from '../../rpc/messages/store-v1.ts';
import type { QueueName, StateSpace } from '../spi/types.ts';
import { checkedName, checkedSpace } from './batch-check.ts';
import { NodeProtocolError } from './node-protocol-error.ts';

/** Version of proto/lmqtt/store/v1 that this store speaks. */
export const STORE_PROTOCOL_VERSION = 1;

const MAX_ID_LENGTH = 128;
const MAX_NODE_NAME_LENGTH = 512;
/** Of each list. */
const MAX_ENTRIES = 8_000_000;

/** A hello, which may come in several frames. */
export class NodeHello {
  readonly first: Hello;
  readonly claims: Set<string> = new Set<string>();
  readonly queues: QueueName[] = [];
  readonly filters: Set<string> = new Set<string>();
  readonly watched: Set<StateSpace> = new Set<StateSpace>();
  #isComplete = false;

  /** @throws NodeProtocolError */
  constructor(first: Hello) {
    this.first = first;
    const { nodeId, nodeName } = first;
    if (nodeId === '' || nodeId.length > MAX_ID_LENGTH || nodeName.length > MAX_NODE_NAME_LENGTH) {
      throw new NodeProtocolError('a node without a usable id and name');
    }
    this.add(first);
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** @throws NodeProtocolError */
  add({ claims, queues, filters, watchedSpaces, more }: Hello): void {
    for (const key of claims) this.claims.add(checkedName(key));
    for (const { name } of queues) this.queues.push(checkedName(name) as QueueName);
    for (const { filter } of filters) this.filters.add(checkedName(filter));
    for (const space of watchedSpaces) this.watched.add(checkedSpace(space));
    if (Math.max(this.claims.size, this.queues.length, this.filters.size) > MAX_ENTRIES) {
      throw new NodeProtocolError('a hello without end');
    }
    this.#isComplete = !more;
  }
}
