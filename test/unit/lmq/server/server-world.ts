import { silentLogger } from '../../../../src/common/logger.ts';
import { StoreCore } from '../../../../src/lmq/server/store-core.ts';
import {
  DEFAULT_STORE_SERVER_LIMITS,
  type StoreServerLimits,
} from '../../../../src/lmq/server/store-server-options.ts';
import { writeRecord, recordSize } from '../../../../src/lmq/spi/record.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { ManualClock } from '../manual-clock.ts';
import { FakeNode } from './fake-node.ts';

export const LEASE_MS = 1_000;

/** A store server without a network, with time in the hands of the test. */
export class ServerWorld {
  readonly store: LmqStore;
  readonly clock: ManualClock = new ManualClock();
  readonly core: StoreCore;

  constructor(store: LmqStore, limits: Partial<StoreServerLimits> = {}) {
    this.store = store;
    this.core = new StoreCore({
      ...DEFAULT_STORE_SERVER_LIMITS,
      ...limits,
      store,
      host: '',
      port: 0,
      leaseMs: LEASE_MS,
      credentials: {},
      clock: this.clock,
      logger: silentLogger,
    });
  }

  node(id: string): FakeNode {
    return new FakeNode(this.core, id);
  }

  /** Lets time pass in steps that are short beside a lease; `living` nodes beat. */
  pass(ms: number, ...living: readonly FakeNode[]): void {
    for (let passed = 0; passed < ms; passed += LEASE_MS / 20) {
      this.clock.advance(LEASE_MS / 20);
      for (const node of living) node.beat();
    }
  }

  /** Until everything that has been written is durable and told. */
  async quiet(): Promise<void> {
    for (let i = 0; i < 4; i++) {
      await this.store.committed(this.store.openCommit);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** A finished record as a node makes it. */
export function recordOf(topic: string, payload: string | Buffer): Buffer {
  const name = Buffer.from(topic);
  const publisher = Buffer.from('client');
  const body = Buffer.from(payload);
  const record = Buffer.alloc(recordSize(name.length, publisher.length, 0, body.length));
  const none = Buffer.alloc(0);
  writeRecord(record, 0, 1, name, publisher, none, 60, 1, 2, body, 0, body.length);
  return record;
}
