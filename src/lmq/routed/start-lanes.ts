import type { Clock } from '../../common/clock.ts';
import type { Lane } from '../spi/lane.ts';
import type { LaneStore } from '../spi/lane-store.ts';

export interface LaneStart {
  readonly stores: readonly LaneStore[];
  /** How long stores that are away are waited for when others are there, ms. */
  readonly graceMs: number;
  readonly clock: Clock;
}

/**
 * Starts all stores of a table. Resolves when all are attached, or some of them when `graceMs` is over: the others
 * go on trying, and are returned, each with what resolves when it is attached (it rejects when that cannot be any
 * more).
 * @throws what the first one that has failed says; the others may be started then
 */
export async function startLanes({
  stores,
  graceMs,
  clock,
}: LaneStart): Promise<ReadonlyMap<Lane, Promise<void>>> {
  const late = new Map<Lane, Promise<void>>();
  await new Promise<void>((resolve, reject) => {
    let isGraceOver = false;
    const look = (): void => {
      const isEnough = late.size === 0 || (isGraceOver && late.size < stores.length);
      if (!isEnough) return;
      timer.cancel();
      resolve();
    };
    const timer = clock.after(
      graceMs,
      () => {
        isGraceOver = true;
        look();
      },
      true,
    );
    for (const [lane, store] of stores.entries()) {
      const started = store.start();
      late.set(lane, started);
      started.then(
        () => {
          late.delete(lane);
          look();
        },
        (error: unknown) => {
          timer.cancel();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    }
  });
  for (const lane of late.keys()) stores[lane]?.keepTrying();
  return late;
}
