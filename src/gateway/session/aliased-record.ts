import {
  recordLength,
  recordPayloadStart,
  recordProperties,
  recordPropertiesLength,
  recordTopicLength,
  recordTopicStart,
} from '../../lmq/spi/record.ts';
import type { OutBuffer } from '../codec/out-buffer.ts';
import { encodePublish5 } from '../codec/publish-encoder.ts';
import { recordSize5 } from '../codec/record-encoder.ts';
import type { OutgoingAliases } from './outgoing-aliases.ts';

const NO_PROPERTIES = Buffer.alloc(0);

/**
 * Encodes the PUBLISH of a stored record like `encodeRecord5`, with a topic alias where the topic has or
 * gets one. The packet without alias must be one that the client takes.
 */
export function encodeAliasedRecord5(
  out: OutBuffer,
  aliases: OutgoingAliases,
  first: number,
  packetId: number,
  buffer: Buffer,
  position: number,
  expirySeconds: number,
  subscriptionId: number,
): void {
  const topicStart = recordTopicStart(position);
  const size = recordSize5(first, buffer, position, expirySeconds, subscriptionId);
  const alias = aliases.choose(buffer, topicStart, recordTopicLength(buffer, position), size);
  encodePublish5(
    out,
    first,
    packetId,
    buffer,
    topicStart,
    aliases.nameLength,
    recordPropertiesLength(buffer, position) === 0
      ? NO_PROPERTIES
      : recordProperties(buffer, position),
    expirySeconds,
    subscriptionId,
    buffer,
    recordPayloadStart(buffer, position),
    position + recordLength(buffer, position),
    alias,
  );
}
