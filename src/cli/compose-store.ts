import { ErrorCode, StoreError } from '../common/errors.ts';
import { createEmbeddedStore } from '../lmq/embedded/embedded-store.ts';
import type { EmbeddedStoreOptions } from '../lmq/embedded/store-options.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import { type Composition, partOf } from './composition.ts';
import { ensureDirectory } from './directories.ts';
import type { NamedService } from './service-group.ts';
import { storeOptionsFrom } from './standalone-options.ts';

export interface StorePart {
  readonly services: readonly NamedService[];
  readonly store: LmqStore;
  /** Calls when a commit has failed, before anybody else hears of it: no later one will be durable. */
  readonly onFailed: (listener: (error: Error) => void) => void;
}

/**
 * Bytes of commits per millisecond up to which a store for gateways of other processes has small commits in its
 * journal (docs/adr/0571): what goes to RocksDB's thread is for a gateway two more wake-ups of a process that waits.
 */
const SERVED_JOURNAL_BYTES_PER_MS = 16 * 1024;

/** The store of a process. */
export function composeStore(composition: Composition): StorePart {
  return compose(composition, {});
}

/** One that gateways of other processes are served from. */
export function composeServedStore(composition: Composition): StorePart {
  return compose(composition, { journalBytesPerMs: SERVED_JOURNAL_BYTES_PER_MS });
}

function compose(
  composition: Composition,
  more: Partial<Pick<EmbeddedStoreOptions, 'journalBytesPerMs'>>,
): StorePart {
  const { config, directories } = composition;
  const options = { ...storeOptionsFrom(config.lmq, directories.data), ...more };
  const store = createEmbeddedStore({ ...options, ...partOf(composition, 'store') });
  let failed: (error: Error) => void = () => undefined;
  store.onCommit((_commit, error) => {
    if (error !== undefined && !isClosed(error)) failed(error);
  });
  const service = {
    async start() {
      ensureDirectory(options.directory, 'store directory');
      await store.start();
    },
    stop: () => store.stop(),
  };
  return {
    services: [{ name: 'store', service }],
    store,
    onFailed(listener) {
      failed = listener;
    },
  };
}

/** It has been stopped: what is written too late fails. */
function isClosed(error: Error): boolean {
  return error instanceof StoreError && error.code === ErrorCode.STORE_CLOSED;
}
