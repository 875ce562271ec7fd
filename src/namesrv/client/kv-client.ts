import type { RemotingClient } from '../../remoting/remoting-client.ts';
import type { RemotingCommand } from '../../remoting/remoting-command.ts';
import { RemotingProtocolError } from '../../remoting/remoting-error.ts';
import { RequestCode } from '../../remoting/request-code.ts';
import { ResponseCode } from '../../remoting/response-code.ts';
import { requireSuccess } from './require-success.ts';

/**
 * The KV config of one name server, over Remoting. Calls reject with RemotingResponseError when the
 * name server refuses, with RemotingUnavailableError when it cannot be reached or does not answer.
 */
export class KvClient {
  readonly #remoting: RemotingClient;

  constructor(remoting: RemotingClient) {
    this.#remoting = remoting;
  }

  async put(namespace: string, key: string, value: string): Promise<void> {
    requireSuccess(await this.#request(RequestCode.PUT_KV_CONFIG, { namespace, key, value }));
  }

  /** Puts it unless somebody else has changed it. @param expected undefined: there is no such key yet */
  async replace(
    namespace: string,
    key: string,
    expected: string | undefined,
    value: string,
  ): Promise<void> {
    const fields = { namespace, key, value, ifValue: expected ?? '' };
    requireSuccess(await this.#request(RequestCode.PUT_KV_CONFIG, fields));
  }

  /** Undefined when there is no such key. */
  async get(namespace: string, key: string): Promise<string | undefined> {
    const response = await this.#request(RequestCode.GET_KV_CONFIG, { namespace, key });
    if (response.code === ResponseCode.QUERY_NOT_FOUND) return undefined;
    requireSuccess(response);
    // A Java server leaves an empty value out of a binary header.
    return response.extFields.get('value') ?? '';
  }

  /** A missing key is no error. */
  async delete(namespace: string, key: string): Promise<void> {
    requireSuccess(await this.#request(RequestCode.DELETE_KV_CONFIG, { namespace, key }));
  }

  /** Undefined when the namespace has no keys. */
  async list(namespace: string): Promise<ReadonlyMap<string, string> | undefined> {
    const response = await this.#request(RequestCode.GET_KVLIST_BY_NAMESPACE, { namespace });
    if (response.code === ResponseCode.QUERY_NOT_FOUND) return undefined;
    requireSuccess(response);
    return tableOf(response.body);
  }

  #request(code: RequestCode, fields: Record<string, string>): Promise<RemotingCommand> {
    return this.#remoting.invoke({ code, extFields: new Map(Object.entries(fields)) });
  }
}

/** Reads a KVTable body, `{"table":{key:value}}`; no body is an empty table. */
function tableOf(body: Buffer | undefined): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (body === undefined) return values;
  let document: unknown;
  try {
    document = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new RemotingProtocolError('the KV list is not JSON', { cause: error });
  }
  const fields = new Map<string, unknown>(isObject(document) ? Object.entries(document) : []);
  const table = fields.get('table');
  if (!isObject(table)) throw new RemotingProtocolError('the KV list holds no table');
  for (const [key, value] of Object.entries(table) as [string, unknown][]) {
    if (typeof value !== 'string')
      throw new RemotingProtocolError(`the value of ${key} is no string`);
    values.set(key, value);
  }
  return values;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
