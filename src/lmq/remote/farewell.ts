import type { Clock } from '../../common/clock.ts';
import { ErrorCode, StoreError } from '../../common/errors.ts';
import type { RemoteNode } from './remote-node.ts';
import type { RemoteStoreOptions } from './remote-options.ts';

/** How long a goodbye may take: without it the store waits for the lease. */
const GOODBYE_MS = 2_000;

/** Waits until what is written is durable, says goodbye, and lets go of the store. */
export async function leave(node: RemoteNode, options: RemoteStoreOptions): Promise<void> {
  const { stopTimeoutMs, nodeName, clock, logger } = options;
  const { commits, requests } = node.parts;
  if (commits.failure === undefined && node.wasWelcomed) {
    if (!(await isDoneWithin(clock, stopTimeoutMs, commits.drain()))) {
      logger.error({ bytes: commits.backlogBytes }, 'stopped with commits that are not durable');
    } else if (node.attachment.isAttached) {
      const goodbye = requests.ask({ goodbye: {} }, commits.lastWritten, () => undefined);
      await isDoneWithin(clock, GOODBYE_MS, goodbye);
    }
  }
  node.end(new StoreError(ErrorCode.STORE_CLOSED, `the store of ${nodeName} is closed`));
}

/** False when it has failed or has taken too long. */
function isDoneWithin(
  clock: Clock,
  timeoutMs: number,
  promise: Promise<unknown>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isDone: boolean): void => {
      timer.cancel();
      resolve(isDone);
    };
    const timer = clock.after(
      timeoutMs,
      () => {
        end(false);
      },
      true,
    );
    promise.then(
      () => {
        end(true);
      },
      () => {
        end(false);
      },
    );
  });
}
