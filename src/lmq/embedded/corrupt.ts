import { ErrorCode, StoreError } from '../../common/errors.ts';

/** Refuses damaged data: says where it is and what was found. Nothing is repaired. */
export function corrupt(directory: string, found: string): StoreError {
  return new StoreError(ErrorCode.STORE_CORRUPT, `${directory} holds damaged data: ${found}`);
}
