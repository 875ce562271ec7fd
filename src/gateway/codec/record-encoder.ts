import {
  recordLength,
  recordPayloadStart,
  recordPropertiesLength,
  recordTopicLength,
  recordTopicStart,
} from '../../lmq/spi/record.ts';
import type { OutBuffer } from './out-buffer.ts';
import {
  encodePublish,
  encodePublish5,
  propertiesLength5,
  publishSize5,
} from './publish-encoder.ts';

/** Encodes the PUBLISH of a stored record in the form of MQTT 3.1 and 3.1.1. */
export function encodeRecord(
  out: OutBuffer,
  first: number,
  packetId: number,
  buffer: Buffer,
  position: number,
): void {
  encodePublish(
    out,
    first,
    packetId,
    buffer,
    recordTopicStart(position),
    recordTopicLength(buffer, position),
    buffer,
    recordPayloadStart(buffer, position),
    position + recordLength(buffer, position),
  );
}

/**
 * Encodes the PUBLISH of a stored record in the form of MQTT 5.
 * @param nameLength bytes of the topic name that are sent: all, or none where the alias stands for it
 * @param alias 0 = none
 */
export function encodeRecord5(
  out: OutBuffer,
  first: number,
  packetId: number,
  buffer: Buffer,
  position: number,
  expirySeconds: number,
  subscriptionId: number,
  nameLength: number = recordTopicLength(buffer, position),
  alias = 0,
): void {
  const payloadStart = recordPayloadStart(buffer, position);
  encodePublish5(
    out,
    first,
    packetId,
    buffer,
    recordTopicStart(position),
    nameLength,
    buffer,
    payloadStart - recordPropertiesLength(buffer, position),
    payloadStart,
    expirySeconds,
    subscriptionId,
    buffer,
    payloadStart,
    position + recordLength(buffer, position),
    alias,
  );
}

/** Size of the MQTT 5 packet that `encodeRecord5` would write. */
export function recordSize5(
  first: number,
  buffer: Buffer,
  position: number,
  expirySeconds: number,
  subscriptionId: number,
): number {
  return publishSize5(
    first,
    recordTopicLength(buffer, position),
    propertiesLength5(recordPropertiesLength(buffer, position), expirySeconds, subscriptionId),
    position + recordLength(buffer, position) - recordPayloadStart(buffer, position),
  );
}
