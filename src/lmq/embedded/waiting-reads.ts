import type { StoreError } from '../../common/errors.ts';

interface Read {
  readonly sequence: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Reads that wait until the engine has what was durable before them, in their order. */
export class WaitingReads {
  readonly #reads: Read[] = [];

  /** Resolves when the engine has the entry of this number; rejects when it will not. */
  wait(sequence: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#reads.push({ sequence, resolve, reject });
    });
  }

  /** @param applied number of the last entry that the engine has */
  wake(applied: number, failure: StoreError | undefined): void {
    while (this.#reads.length > 0) {
      const [read] = this.#reads as [Read];
      if (failure === undefined && read.sequence > applied) return;
      this.#reads.shift();
      if (failure === undefined) read.resolve();
      else read.reject(failure);
    }
  }
}
