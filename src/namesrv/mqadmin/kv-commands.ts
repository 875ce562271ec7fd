import { KvClient } from '../client/kv-client.ts';
import type { AdminCommand, AdminOption } from './admin-command.ts';
import { NamesrvFailure } from './namesrv-cluster.ts';

const NAMESPACE: AdminOption = {
  flags: '-s, --namespace <namespace>',
  description: 'namespace of the key',
  isRequired: true,
};
const KEY: AdminOption = { flags: '-k, --key <key>', description: 'the key', isRequired: true };
const VALUE: AdminOption = {
  flags: '-v, --value <value>',
  description: 'the value',
  isRequired: true,
};

const UPDATE_KV_CONFIG: AdminCommand = {
  name: 'updateKvConfig',
  description: 'Create or update KV config.',
  options: [NAMESPACE, KEY, VALUE],
  async run(namesrv, { namespace = '', key = '', value = '' }) {
    await namesrv.onEvery((remoting) => new KvClient(remoting).put(namespace, key, value));
    return 'create or update kv config to namespace success.';
  },
};

const DELETE_KV_CONFIG: AdminCommand = {
  name: 'deleteKvConfig',
  description: 'Delete KV config.',
  options: [NAMESPACE, KEY],
  async run(namesrv, { namespace = '', key = '' }) {
    await namesrv.onEvery((remoting) => new KvClient(remoting).delete(namespace, key));
    return 'delete kv config from namespace success.';
  },
};

const GET_KV_CONFIG: AdminCommand = {
  name: 'getKvConfig',
  description: 'Print the value of one key.',
  options: [NAMESPACE, KEY],
  async run(namesrv, { namespace = '', key = '' }) {
    const value = await namesrv.onOne((remoting) => new KvClient(remoting).get(namespace, key));
    if (value === undefined) {
      throw new NamesrvFailure([`no key "${key}" in namespace "${namespace}"`]);
    }
    return value;
  },
};

const LIST_KV_CONFIG: AdminCommand = {
  name: 'listKvConfig',
  description: 'Print the keys of a namespace with their values, one a line.',
  options: [NAMESPACE],
  async run(namesrv, { namespace = '' }) {
    const values = await namesrv.onOne((remoting) => new KvClient(remoting).list(namespace));
    if (values === undefined) throw new NamesrvFailure([`no keys in namespace "${namespace}"`]);
    return Array.from(values, ([key, value]) => `${key}=${value}`)
      .sort()
      .join('\n');
  },
};

/** Names, options and success texts of the first two are those of RocketMQ's mqadmin. */
export const KV_COMMANDS: readonly AdminCommand[] = [
  UPDATE_KV_CONFIG,
  DELETE_KV_CONFIG,
  GET_KV_CONFIG,
  LIST_KV_CONFIG,
];
