import type { PublishedTopic } from '../../../../src/gateway/retained/retained-messages.ts';

/** A topic as a publisher knows it that has not retained anything there yet. */
export function publishedTopic(name: string): PublishedTopic {
  return { name, bytes: Buffer.from(name), peer: undefined, retained: undefined };
}
