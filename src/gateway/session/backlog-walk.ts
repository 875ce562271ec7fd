import { Heap } from '../../common/heap.ts';
import type { BacklogSource, QueuedMessage } from './backlog-source.ts';

/** How much may wait; 0 = no limit. */
export interface QueueBounds {
  readonly messages: number;
  readonly bytes: number;
}

/** What of a session's messages is within the bounds. */
export interface Walked {
  readonly messages: number;
  readonly bytes: number;
  /** True when the bounds were reached: `last` says how far, source by source. */
  readonly isOver: boolean;
  /** The last message within the bounds of each source that has one. */
  readonly last: ReadonlyMap<BacklogSource, QueuedMessage>;
}

/** Messages between two turns of the event loop. */
const MESSAGES_PER_TURN = 4096;

/**
 * Goes through the messages of several queues in the order of their time, from the end that the sources
 * read from, until one would be out of bounds: so it reads no more than may wait.
 * @param before whether `a` comes first
 */
export async function walk(
  sources: readonly BacklogSource[],
  bounds: QueueBounds,
  before: (a: QueuedMessage, b: QueuedMessage) => boolean,
): Promise<Walked> {
  const heap = new Heap<BacklogSource>((a, b) =>
    before(a.head as QueuedMessage, b.head as QueuedMessage),
  );
  for (const source of sources) if (await source.load()) heap.push(source);
  const last = new Map<BacklogSource, QueuedMessage>();
  let messages = 0;
  let bytes = 0;
  for (let source = heap.first; source !== undefined; source = heap.first) {
    const message = source.head as QueuedMessage;
    const isOver =
      (bounds.messages > 0 && messages >= bounds.messages) ||
      (bounds.bytes > 0 && bytes + message.bytes > bounds.bytes);
    if (isOver) return { messages, bytes, isOver, last };
    messages++;
    bytes += message.bytes;
    last.set(source, message);
    source.take();
    if (source.head !== undefined || (await source.load())) heap.firstChanged();
    else heap.shift();
    if (messages % MESSAGES_PER_TURN === 0) await nextTurn();
  }
  return { messages, bytes, isOver: false, last };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
