import { editList } from '../../common/comma-list.ts';
import {
  type GatewayRegistration,
  type KvConfig,
  LMQ_CONNECT_NODES,
  LMQ_NAMESPACE,
} from '../types.ts';

/**
 * Takes the addresses of gateways that have been silent for too long out of LMQ_CONNECT_NODES: they died without
 * doing so. One that lives after all puts itself back. Rejects as `kv.edit` does.
 * @param living whose addresses stay, whoever else had them
 */
export function dropConnectNodes(
  kv: Pick<KvConfig, 'edit'>,
  gone: readonly GatewayRegistration[],
  living: readonly GatewayRegistration[],
): Promise<void> {
  const removed = new Set(gone.flatMap(({ addresses }) => addresses));
  for (const { addresses } of living) for (const address of addresses) removed.delete(address);
  return kv.edit(LMQ_NAMESPACE, LMQ_CONNECT_NODES, (list) => editList(list, [], removed));
}
