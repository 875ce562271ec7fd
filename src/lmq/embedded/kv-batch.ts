import type { StoreError } from '../../common/errors.ts';

/** Writes that become durable together. Keys and values are copied when given. */
export interface KvBatch {
  readonly size: number;
  put(key: Buffer, value: Buffer): void;
  del(key: Buffer): void;
  /**
   * Writes the batch; it may not be used afterwards. The callback comes in a later turn.
   * @param sync wait until the machine's storage has it, not only the operating system
   * @returns true when it is durable already: then the callback is not called
   */
  write(sync: boolean, callback: (error: StoreError | undefined) => void): boolean;
}
