import type { MetricsSnapshot } from '../admin/exposition.ts';
import type { Where } from './ready-file.ts';

/** From the first process to a worker. */
export type ToWorker =
  | { readonly kind: 'stop' }
  | { readonly kind: 'reopenLog' }
  | { readonly kind: 'metrics'; readonly request: number };

/** From a worker to the first process. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly where: Where }
  | {
      readonly kind: 'metrics';
      readonly request: number;
      readonly snapshot: MetricsSnapshot | undefined;
    };

/** Number of a worker, from 1 on, in its environment. */
export const WORKER_VARIABLE = 'LMQTT_WORKER';
