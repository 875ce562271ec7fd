import { PropertyId } from './property-set.ts';
import { remainingLengthBytes, writeRemainingLength } from './publish-encoder.ts';

/** The property Subscription Identifier of a PUBLISH in wire form (MQTT 5 §3.3.2.3.8). */
export function subscriptionIdProperty(subscriptionId: number): Buffer {
  const bytes = Buffer.alloc(1 + remainingLengthBytes(subscriptionId));
  bytes[0] = PropertyId.SUBSCRIPTION_IDENTIFIER;
  writeRemainingLength(bytes, 1, subscriptionId);
  return bytes;
}
