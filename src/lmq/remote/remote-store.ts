import type { LaneStore } from '../spi/lane-store.ts';
import type { ConsumerQueues } from '../spi/open-for.ts';

/** A store in another process, shared with other gateway nodes; alone, or one of several. */
export type RemoteStore = LaneStore & ConsumerQueues;
