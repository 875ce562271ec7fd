import type { RetainedTopic } from './retained-index.ts';

/** Messages read from the store, and handed over, at a time. */
const BATCH_MESSAGES = 256;
const BATCH_BYTES = 256 * 1024;

/** Takes the topics of the next batch from the walk; true when there are no more. */
export async function nextTopics(
  walk: Iterator<RetainedTopic | undefined>,
  topics: string[],
): Promise<boolean> {
  let bytes = 0;
  while (topics.length < BATCH_MESSAGES && bytes < BATCH_BYTES) {
    const next = walk.next();
    if (next.done === true) return true;
    if (next.value === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    topics.push(next.value.topic);
    bytes += next.value.bytes;
  }
  return false;
}
