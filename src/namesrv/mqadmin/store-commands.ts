import type { Clock } from '../../common/clock.ts';
import { splitList } from '../../common/comma-list.ts';
import type { AdminArguments, AdminCommand, AdminOption } from './admin-command.ts';
import { addStore } from './add-store.ts';
import { foundStores } from './found-stores.ts';
import { CREDENTIAL_OPTIONS, credentialsOf } from './node-credentials.ts';
import { type NamesrvCluster, NamesrvFailure } from './namesrv-cluster.ts';
import { StoreAdmins } from './store-admins.ts';
import type { Patience } from './store-growth.ts';
import { storeList } from './store-list.ts';

const DEFAULT_TIMEOUT_SECONDS = 120;
const MAX_TIMEOUT_SECONDS = 86_400;

const TIMEOUT: AdminOption = {
  flags: '--timeout <seconds>',
  description: `how long to wait for the gateways (default: ${String(DEFAULT_TIMEOUT_SECONDS)})`,
};
const USED: AdminOption = {
  flags: '--used',
  description: 'take stores that have messages, too: makes a table anew that was lost',
};

const STORE_LIST: AdminCommand = {
  name: 'storeList',
  description: 'List the stores that topics are spread over, with the gateways at each.',
  options: CREDENTIAL_OPTIONS,
  async run(namesrv, args, clock) {
    return withStores(namesrv, args, clock, (admins) => storeList(namesrv, admins));
  },
};

const FOUND_STORES: AdminCommand = {
  name: 'foundStores',
  description: 'Spread topics over these stores: once in the life of a cluster.',
  options: [
    {
      flags: '-b, --brokerNames <stores>',
      description: 'names of the stores (brokerName), separated by commas',
      isRequired: true,
    },
    USED,
    TIMEOUT,
    ...CREDENTIAL_OPTIONS,
  ],
  async run(namesrv, args, clock, progress) {
    const names = [...splitList(args['brokerNames'])];
    if (names.length === 0) throw new NamesrvFailure(['-b names no store']);
    const patience = patienceOf(args, clock, progress);
    return withStores(namesrv, args, clock, (admins) =>
      foundStores({ namesrv, admins, patience, takesUsed: args['used'] !== undefined }, names),
    );
  },
};

const ADD_STORE: AdminCommand = {
  name: 'addStore',
  description: 'Add a store under load. Interrupted, the same command goes on.',
  options: [
    { flags: '-b, --brokerName <store>', description: 'name of the store', isRequired: true },
    USED,
    TIMEOUT,
    ...CREDENTIAL_OPTIONS,
  ],
  async run(namesrv, args, clock, progress) {
    const { brokerName = '', used } = args;
    const patience = patienceOf(args, clock, progress);
    return withStores(namesrv, args, clock, (admins) =>
      addStore({ namesrv, admins, patience, takesUsed: used !== undefined }, brokerName),
    );
  },
};

export const STORE_COMMANDS: readonly AdminCommand[] = [STORE_LIST, FOUND_STORES, ADD_STORE];

async function withStores<T>(
  namesrv: NamesrvCluster,
  args: AdminArguments,
  clock: Clock,
  use: (admins: StoreAdmins) => Promise<T>,
): Promise<T> {
  const admins = new StoreAdmins(namesrv, await credentialsOf(args), clock);
  try {
    await admins.refresh();
    return await use(admins);
  } finally {
    admins.close();
  }
}

function patienceOf(
  { timeout }: AdminArguments,
  clock: Clock,
  progress: (line: string) => void,
): Patience {
  const seconds = timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : Number(timeout);
  if (!(seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS)) {
    throw new NamesrvFailure([`--timeout: ${timeout ?? ''} is no number of seconds up to 86400`]);
  }
  return { clock, endMs: clock.monotonic() + seconds * 1000, progress };
}
