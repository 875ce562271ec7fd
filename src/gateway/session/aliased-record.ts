import { recordLength, recordTopicLength, recordTopicStart } from '../../lmq/spi/record.ts';
import type { OutBuffer } from '../codec/out-buffer.ts';
import { encodeRecord5, recordSize5 } from '../codec/record-encoder.ts';
import type { OutgoingAliases } from './outgoing-aliases.ts';

/** Bytes of a record from which on an alias may make a packet larger than MQTT allows, by far. */
const LARGE = 128 * 1024 * 1024;

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
  const needsSize = aliases.isLimited || recordLength(buffer, position) > LARGE;
  const size = needsSize ? recordSize5(first, buffer, position, expirySeconds, subscriptionId) : 0;
  const nameLength = recordTopicLength(buffer, position);
  const alias = aliases.choose(buffer, recordTopicStart(position), nameLength, size);
  encodeRecord5(
    out,
    first,
    packetId,
    buffer,
    position,
    expirySeconds,
    subscriptionId,
    aliases.nameLength,
    alias,
  );
}
