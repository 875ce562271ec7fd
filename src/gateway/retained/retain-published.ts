import type { MessageHead } from '../../lmq/spi/message-head.ts';
import { RECORD_QOS_MASK } from '../../lmq/spi/record.ts';
import type { TopicEntry } from '../routing/topic-table.ts';
import type { RetainedMessages } from './retained-messages.ts';

/**
 * Retains what has been published to `entry` with RETAIN 1 [MQTT-3.3.1-5]: `payload[payloadStart, payloadEnd)`, in the commit of
 * the message itself. P2P messages are for one client and now, and are not retained.
 */
export function retainPublished(
  retained: RetainedMessages,
  entry: TopicEntry,
  { flags, publisher, properties, expirySeconds }: MessageHead,
  payload: Buffer,
  payloadStart: number,
  payloadEnd: number,
): void {
  if (entry.peer !== undefined) return;
  const message = {
    topic: entry.bytes,
    qos: flags & RECORD_QOS_MASK,
    publisher,
    properties,
    expirySeconds,
    payload,
    payloadStart,
    payloadEnd,
  };
  retained.put(entry.name, message, entry);
}
