import { createEmbeddedStore } from '../lmq/embedded/embedded-store.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import { type Composition, partOf } from './composition.ts';
import { ensureDirectory } from './directories.ts';
import type { NamedService } from './service-group.ts';
import { storeOptionsFrom } from './standalone-options.ts';

export interface StorePart {
  readonly services: readonly NamedService[];
  readonly store: LmqStore;
}

/** The store of a process. */
export function composeStore(composition: Composition): StorePart {
  const { config, directories } = composition;
  const options = storeOptionsFrom(config.lmq, directories.data);
  const store = createEmbeddedStore({ ...options, ...partOf(composition, 'store') });
  const service = {
    async start() {
      ensureDirectory(options.directory, 'store directory');
      await store.start();
    },
    stop: () => store.stop(),
  };
  return { services: [{ name: 'store', service }], store };
}
