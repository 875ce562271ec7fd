import type { RemotingAnswer, RemotingCommand } from '../../remoting/remoting-command.ts';
import { RequestCode } from '../../remoting/request-code.ts';
import type { RequestProcessor } from '../../remoting/request-dispatcher.ts';
import { ResponseCode } from '../../remoting/response-code.ts';
import type { KvConfig } from '../types.ts';

const SUCCESS: RemotingAnswer = { code: ResponseCode.SUCCESS };

/**
 * Serves the KV config by RocketMQ's requests 100, 101, 102 and 219. What the table refuses is
 * answered with SYSTEM_ERROR and the reason as remark, by the server's rule for exceptions.
 */
export function kvRequestProcessors(kv: KvConfig): ReadonlyMap<number, RequestProcessor> {
  return new Map<number, RequestProcessor>([
    [RequestCode.PUT_KV_CONFIG, (request) => putKvConfig(kv, request)],
    [RequestCode.GET_KV_CONFIG, (request) => getKvConfig(kv, request)],
    [RequestCode.DELETE_KV_CONFIG, (request) => deleteKvConfig(kv, request)],
    [RequestCode.GET_KVLIST_BY_NAMESPACE, (request) => getKvListByNamespace(kv, request)],
  ]);
}

async function putKvConfig(kv: KvConfig, request: RemotingCommand): Promise<RemotingAnswer> {
  const namespace = request.extFields.get('namespace');
  const key = request.extFields.get('key');
  if (namespace === undefined || key === undefined) return refused('namespace or key is null');
  const value = request.extFields.get('value');
  if (value === undefined) return refused('value is null');
  const expected = request.extFields.get('ifValue');
  if (expected !== undefined) return replaceKvConfig(kv, namespace, key, expected, value);
  await kv.put(namespace, key, value);
  return SUCCESS;
}

/** Ours, for lists that several may edit. @param expected empty: there is no such key yet */
async function replaceKvConfig(
  kv: KvConfig,
  namespace: string,
  key: string,
  expected: string,
  value: string,
): Promise<RemotingAnswer> {
  let found = '';
  await kv.edit(namespace, key, (current) => {
    found = current ?? '';
    return found === expected ? value : current;
  });
  return found === expected ? SUCCESS : refused('the value is another one meanwhile');
}

function getKvConfig(kv: KvConfig, request: RemotingCommand): RemotingAnswer {
  const namespace = request.extFields.get('namespace');
  const key = request.extFields.get('key');
  if (namespace === undefined || key === undefined) return refused('namespace or key is null');
  const value = kv.get(namespace, key);
  if (value !== undefined) {
    return { code: ResponseCode.SUCCESS, extFields: new Map([['value', value]]) };
  }
  return {
    code: ResponseCode.QUERY_NOT_FOUND,
    remark: `No config item, Namespace: ${namespace} Key: ${key}`,
  };
}

async function deleteKvConfig(kv: KvConfig, request: RemotingCommand): Promise<RemotingAnswer> {
  const namespace = request.extFields.get('namespace');
  const key = request.extFields.get('key');
  if (namespace === undefined || key === undefined) return refused('namespace or key is null');
  await kv.delete(namespace, key);
  return SUCCESS;
}

function getKvListByNamespace(kv: KvConfig, request: RemotingCommand): RemotingAnswer {
  const namespace = request.extFields.get('namespace');
  if (namespace === undefined) return refused('namespace is null');
  const values = kv.list(namespace);
  if (values.size === 0) {
    return {
      code: ResponseCode.QUERY_NOT_FOUND,
      remark: `No config item, Namespace: ${namespace}`,
    };
  }
  const table = Object.fromEntries(values);
  return { code: ResponseCode.SUCCESS, body: Buffer.from(JSON.stringify({ table })) };
}

function refused(remark: string): RemotingAnswer {
  return { code: ResponseCode.SYSTEM_ERROR, remark };
}
