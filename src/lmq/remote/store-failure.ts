import { ErrorCode, StoreError } from '../../common/errors.ts';
import type { StoreFailure } from '../../rpc/messages/store-v1.ts';

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.STORE_UNAVAILABLE,
  ErrorCode.STORE_LIMIT,
]);

/** What the store has said, as the error that its own process would have thrown. */
export function storeErrorOf({ code, message }: StoreFailure): StoreError {
  const known =
    Object.values(ErrorCode).find((value) => value === code) ?? ErrorCode.STORE_UNAVAILABLE;
  return new StoreError(known, message, { retryable: RETRYABLE.has(known) });
}
