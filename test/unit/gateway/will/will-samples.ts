import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import type { Will } from '../../../../src/gateway/codec/will.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';

/** Client ids of the wills in a store. */
export async function storedWills(store: LmqStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.scanState(StateSpace.WILL)) keys.push(key);
  return keys;
}

/** What the store says while it cannot be reached. */
export function unavailable(): StoreError {
  const message = 'the store has not answered in time';
  return new StoreError(ErrorCode.STORE_UNAVAILABLE, message, { retryable: true });
}

/** A will as MQTT 5 may have it. */
export function will5(delaySeconds: number): Will {
  return {
    topic: 'w/a',
    payload: Buffer.from('late'),
    qos: 0,
    retain: false,
    delaySeconds,
    expirySeconds: undefined,
    properties: Buffer.alloc(0),
  };
}
