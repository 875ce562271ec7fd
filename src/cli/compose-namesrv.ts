import {
  createNamesrv,
  type Namesrv,
  type NamesrvOptions,
  type NamesrvRpcOptions,
} from '../namesrv/server/namesrv-server.ts';
import { type Composition, partOf } from './composition.ts';
import { ensureDirectory } from './directories.ts';
import { addressText } from './listen-addresses.ts';
import type { Where } from './ready-file.ts';
import type { NamedService } from './service-group.ts';
import { namesrvOptionsFrom } from './standalone-options.ts';

export interface NamesrvPart {
  readonly services: readonly NamedService[];
  readonly namesrv: Namesrv;
  /** Known once started. */
  where(): Where;
}

/** What a name server has for gateways and stores of other processes. */
export interface NamesrvForNodes {
  readonly rpc: NamesrvRpcOptions;
  readonly registry: NonNullable<NamesrvOptions['registry']>;
}

/**
 * The name server of a process.
 * @param forNodes undefined when gateway and store are in the same process
 */
export function composeNamesrv(composition: Composition, forNodes?: NamesrvForNodes): NamesrvPart {
  const { config, directories } = composition;
  const options = namesrvOptionsFrom(config.namesrv, directories.data);
  const namesrv = createNamesrv({
    ...options,
    ...forNodes,
    ...partOf(composition, 'namesrv'),
  });
  const service = {
    async start() {
      ensureDirectory(options.directory, 'name server directory');
      await namesrv.start();
    },
    stop: () => namesrv.stop(),
  };
  const rpcWhere = (): Where =>
    forNodes === undefined || namesrv.rpcPort === undefined
      ? {}
      : { rpc: addressText(forNodes.rpc.host, namesrv.rpcPort) };
  return {
    services: [{ name: 'name server', service }],
    namesrv,
    where: () => ({
      namesrv: addressText(config.namesrv.listenHost, namesrv.port),
      ...rpcWhere(),
    }),
  };
}
