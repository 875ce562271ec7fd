import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';

/** Keeps from a gateway that commits of a store are over, though they are, while it is told to. */
export class HeldCommits {
  readonly waiting: (() => void)[] = [];
  isHeld = false;

  constructor(store: LmqStore) {
    const committed = store.committed.bind(store);
    store.committed = async (commit) => {
      await committed(commit);
      if (this.isHeld) await new Promise<void>((resolve) => this.waiting.push(resolve));
    };
  }

  letGo(): void {
    for (const goOn of this.waiting) goOn();
  }
}
