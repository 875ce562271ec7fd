import type { Clock } from '../../common/clock.ts';
import type { TableStore } from '../../common/store-table.ts';
import type { GatewayNode } from '../../rpc/messages/storeadmin-v1.ts';
import { NamesrvFailure } from './namesrv-cluster.ts';
import type { StoreAdmins } from './store-admins.ts';

const POLL_MS = 300;

/** What a step of a change waits with. */
export interface Patience {
  readonly clock: Clock;
  /** On the clock that only goes forward. */
  readonly endMs: number;
  readonly progress: (line: string) => void;
}

/**
 * Waits until every gateway that lives hears the stores of a generation, at whichever of the stores it is.
 * @throws NamesrvFailure (rejection) naming those that do not follow in time
 */
export function untilAllFollow(
  stores: readonly TableStore[],
  generation: number,
  admins: StoreAdmins,
  patience: Patience,
): Promise<void> {
  return untilNoneIsLate(stores, admins, patience, (node) =>
    node.generation < generation ? `has generation ${String(node.generation)}` : undefined,
  );
}

/**
 * Waits until the messages of every gateway that lives go where a generation says.
 * @throws NamesrvFailure (rejection) naming those that have not switched in time
 */
export function untilAllSwitched(
  stores: readonly TableStore[],
  generation: number,
  admins: StoreAdmins,
  patience: Patience,
): Promise<void> {
  return untilNoneIsLate(stores, admins, patience, ({ activeGeneration }) =>
    activeGeneration < generation
      ? `goes on with generation ${String(activeGeneration)}`
      : undefined,
  );
}

/** @param lateness why a gateway is late; undefined when it is not */
function untilNoneIsLate(
  stores: readonly TableStore[],
  admins: StoreAdmins,
  patience: Patience,
  lateness: (node: GatewayNode) => string | undefined,
): Promise<void> {
  return untilNone(patience, async () => {
    await admins.refresh();
    const late = await Promise.all(
      stores.map(async ({ name }) => {
        const { nodes } = await admins.at(name, (store) => store.getNodes());
        return nodes.flatMap((node) => {
          const why = lateness(node);
          const away = node.isAttached ? '' : ', and is not connected to it';
          return why === undefined
            ? []
            : [`gateway ${node.nodeName} ${why} at store ${name}${away}`];
        });
      }),
    );
    return late.flat();
  });
}

/** From now on the stores take in nobody with an older generation, ever. @throws NamesrvFailure (rejection) */
export async function requireEverywhere(
  stores: readonly TableStore[],
  generation: number,
  admins: StoreAdmins,
): Promise<void> {
  await admins.refresh();
  for (const { name } of stores) {
    await admins.at(name, (store) => store.requireGeneration(generation));
  }
}

/** Runs rounds until one says nothing; failures of one are what is in the way, too. */
export async function untilNone(
  { clock, endMs, progress }: Patience,
  round: () => Promise<readonly string[]>,
): Promise<void> {
  let told = '';
  for (;;) {
    const reasons = await reasonsOf(round);
    if (reasons.length === 0) return;
    if (clock.monotonic() >= endMs) throw new NamesrvFailure(['not done in time:', ...reasons]);
    const text = reasons.join('; ');
    if (text !== told) progress(`waiting: ${text}`);
    told = text;
    await new Promise<void>((resolve) => {
      clock.after(POLL_MS, resolve, true);
    });
  }
}

async function reasonsOf(round: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await round();
  } catch (error) {
    if (error instanceof NamesrvFailure) return [error.message];
    throw error;
  }
}
