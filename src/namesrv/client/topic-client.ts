import { messageOf } from '../../common/errors.ts';
import type { RemotingClient } from '../../remoting/remoting-client.ts';
import type { RemotingCommand } from '../../remoting/remoting-command.ts';
import { RemotingProtocolError } from '../../remoting/remoting-error.ts';
import { RequestCode } from '../../remoting/request-code.ts';
import { ResponseCode } from '../../remoting/response-code.ts';
import type { ClusterInfoBody, TopicListBody, TopicRouteBody } from '../rocketmq-bodies.ts';
import { requireSuccess } from './require-success.ts';

/**
 * Cluster and topics of one name server, over Remoting. Calls reject with RemotingResponseError when the
 * name server refuses, with RemotingUnavailableError when it cannot be reached or does not answer.
 */
export class TopicClient {
  readonly #remoting: RemotingClient;

  constructor(remoting: RemotingClient) {
    this.#remoting = remoting;
  }

  async clusterInfo(): Promise<ClusterInfoBody> {
    const response = await this.#request(RequestCode.GET_BROKER_CLUSTER_INFO, {});
    return bodyOf<ClusterInfoBody>(response, ['brokerAddrTable', 'clusterAddrTable']);
  }

  async topicList(): Promise<readonly string[]> {
    const response = await this.#request(RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER, {});
    return bodyOf<TopicListBody>(response, ['topicList']).topicList;
  }

  /** Undefined for a topic without stores. */
  async route(topic: string): Promise<TopicRouteBody | undefined> {
    const fields = { topic, acceptStandardJsonOnly: 'true' };
    const response = await this.#request(RequestCode.GET_ROUTEINFO_BY_TOPIC, fields, true);
    if (response.code === ResponseCode.TOPIC_NOT_EXIST) return undefined;
    return bodyOf<TopicRouteBody>(response, ['queueDatas', 'brokerDatas']);
  }

  /** @param stores names to pin it to; none: to no store */
  async createTopic(topic: string, stores: readonly string[]): Promise<void> {
    const fields = { topic, stores: stores.join(',') };
    requireSuccess(await this.#request(RequestCode.UPDATE_AND_CREATE_TOPIC, fields));
  }

  async deleteTopic(topic: string): Promise<void> {
    requireSuccess(await this.#request(RequestCode.DELETE_TOPIC_IN_NAMESRV, { topic }));
  }

  async #request(
    code: RequestCode,
    fields: Record<string, string>,
    mayBeMissing = false,
  ): Promise<RemotingCommand> {
    const extFields = new Map(Object.entries(fields));
    const response = await this.#remoting.invoke({ code, extFields });
    const isMissing = mayBeMissing && response.code === ResponseCode.TOPIC_NOT_EXIST;
    if (!isMissing) requireSuccess(response);
    return response;
  }
}

/** The body of our own name server, whose tables are objects and lists; the fields are checked to be there. */
function bodyOf<T extends object>(
  { body }: RemotingCommand,
  fields: readonly (keyof T & string)[],
): T {
  let document: unknown;
  try {
    document = JSON.parse((body ?? Buffer.alloc(0)).toString('utf8'));
  } catch (error) {
    throw new RemotingProtocolError(`the answer is not JSON: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const isWhole =
    typeof document === 'object' &&
    document !== null &&
    fields.every((field) => typeof Reflect.get(document, field) === 'object');
  if (!isWhole) throw new RemotingProtocolError(`the answer holds no ${fields.join(', ')}`);
  return document as T;
}
