import type { NamesrvCluster } from './namesrv-cluster.ts';
import { NamesrvFailure } from './namesrv-cluster.ts';

/** What a KV command works on; `key` and `value` are there when the command asks for them. */
export interface KvArguments {
  readonly namespace: string;
  readonly key: string;
  readonly value: string;
}

/** One command: returns what it prints. @throws NamesrvFailure (rejection) */
export interface KvCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly ('key' | 'value')[];
  run(namesrv: NamesrvCluster, args: KvArguments): Promise<string>;
}

const UPDATE_KV_CONFIG: KvCommand = {
  name: 'updateKvConfig',
  description: 'Create or update KV config.',
  options: ['key', 'value'],
  async run(namesrv, { namespace, key, value }) {
    await namesrv.onEvery((kv) => kv.put(namespace, key, value));
    return 'create or update kv config to namespace success.';
  },
};

const DELETE_KV_CONFIG: KvCommand = {
  name: 'deleteKvConfig',
  description: 'Delete KV config.',
  options: ['key'],
  async run(namesrv, { namespace, key }) {
    await namesrv.onEvery((kv) => kv.delete(namespace, key));
    return 'delete kv config from namespace success.';
  },
};

const GET_KV_CONFIG: KvCommand = {
  name: 'getKvConfig',
  description: 'Print the value of one key.',
  options: ['key'],
  async run(namesrv, { namespace, key }) {
    const value = await namesrv.onOne((kv) => kv.get(namespace, key));
    if (value === undefined) {
      throw new NamesrvFailure([`no key "${key}" in namespace "${namespace}"`]);
    }
    return value;
  },
};

const LIST_KV_CONFIG: KvCommand = {
  name: 'listKvConfig',
  description: 'Print the keys of a namespace with their values, one a line.',
  options: [],
  async run(namesrv, { namespace }) {
    const values = await namesrv.onOne((kv) => kv.list(namespace));
    if (values === undefined) throw new NamesrvFailure([`no keys in namespace "${namespace}"`]);
    return Array.from(values, ([key, value]) => `${key}=${value}`)
      .sort()
      .join('\n');
  },
};

/** Names, options and success texts of the first two are those of RocketMQ's mqadmin. */
export const KV_COMMANDS: readonly KvCommand[] = [
  UPDATE_KV_CONFIG,
  DELETE_KV_CONFIG,
  GET_KV_CONFIG,
  LIST_KV_CONFIG,
];
