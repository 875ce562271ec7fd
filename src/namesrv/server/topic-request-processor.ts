import type { RemotingAnswer, RemotingCommand } from '../../remoting/remoting-command.ts';
import { RequestCode } from '../../remoting/request-code.ts';
import type { RequestContext, RequestProcessor } from '../../remoting/request-dispatcher.ts';
import { ResponseCode } from '../../remoting/response-code.ts';
import { DEFAULT_CLUSTER } from '../rocketmq-bodies.ts';
import type {
  BrokerDataBody,
  ClusterInfoBody,
  QueueDataBody,
  TopicRouteBody,
} from '../rocketmq-bodies.ts';
import type { StoreRegistration } from '../types.ts';
import type { Registry } from './registry.ts';
import type { TopicCatalog } from './topic-catalog.ts';

const SUCCESS: RemotingAnswer = { code: ResponseCode.SUCCESS };
/** Read and write. */
const PERM_READ_WRITE = 6;

/**
 * Shows stores as the brokers of a cluster and first topic levels as its topics, to RocketMQ's tools. The
 * name server itself answers the few requests that the tools send to brokers: a store speaks gRPC only.
 */
export function topicRequestProcessors(
  catalog: TopicCatalog,
  registry: Registry,
): ReadonlyMap<number, RequestProcessor> {
  const allTopics = (): RemotingAnswer => bodyOf({ topicList: catalog.list() });
  const deleted: RequestProcessor = async (request) => {
    const topic = request.extFields.get('topic');
    if (topic === undefined) return refused('topic is null');
    return checked(() => catalog.delete(topic));
  };
  return new Map<number, RequestProcessor>([
    [RequestCode.GET_ROUTEINFO_BY_TOPIC, (request, at) => routeInfo(catalog, request, at)],
    [RequestCode.GET_BROKER_CLUSTER_INFO, (_request, at) => clusterInfo(registry, at)],
    [RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER, allTopics],
    [RequestCode.GET_TOPICS_BY_CLUSTER, allTopics],
    [RequestCode.UPDATE_AND_CREATE_TOPIC, (request) => createTopic(catalog, request)],
    // The tool sends this to each broker first and then DELETE_TOPIC_IN_NAMESRV to each name server.
    [RequestCode.DELETE_TOPIC_IN_BROKER, () => SUCCESS],
    [RequestCode.DELETE_TOPIC_IN_NAMESRV, deleted],
    [RequestCode.GET_BROKER_RUNTIME_INFO, () => runtimeInfo(registry)],
  ]);
}

function routeInfo(
  catalog: TopicCatalog,
  request: RemotingCommand,
  at: RequestContext,
): RemotingAnswer {
  const topic = request.extFields.get('topic');
  if (topic === undefined) return refused('topic is null');
  const route = catalog.route(topic);
  if (route === undefined || route.stores.length === 0) {
    return {
      code: ResponseCode.TOPIC_NOT_EXIST,
      remark: `No topic route info in name server for the topic: ${topic}`,
    };
  }
  const queueDatas: QueueDataBody[] = route.stores.map(({ name }) => ({
    brokerName: name,
    readQueueNums: 1,
    writeQueueNums: 1,
    perm: PERM_READ_WRITE,
    topicSysFlag: 0,
  }));
  const brokerDatas = route.stores.map((store) => brokerData(store, at));
  const body: TopicRouteBody = { queueDatas, brokerDatas, filterServerTable: {} };
  return bodyOf(body);
}

function clusterInfo(registry: Registry, at: RequestContext): RemotingAnswer {
  const stores = registry.stores.list();
  const body: ClusterInfoBody = {
    brokerAddrTable: Object.fromEntries(stores.map((store) => [store.name, brokerData(store, at)])),
    clusterAddrTable: { [DEFAULT_CLUSTER]: stores.map(({ name }) => name) },
    gatewayTable: Object.fromEntries(
      registry.gateways
        .list()
        .map(({ name, addresses, version }) => [name, { addresses, version }]),
    ),
  };
  return bodyOf(body);
}

function brokerData(
  { name, address, version, topics }: StoreRegistration,
  { localAddress }: RequestContext,
): BrokerDataBody {
  return {
    cluster: DEFAULT_CLUSTER,
    brokerName: name,
    brokerAddrs: { '0': localAddress },
    enableActingMaster: false,
    ...(address === '' ? {} : { storeAddress: address }),
    storeVersion: version,
    ...(topics.length === 0 ? {} : { storeTopics: topics }),
  };
}

/** Our own tool sends `stores`, names separated by commas, too; RocketMQ's tool cannot pin. */
function createTopic(
  catalog: TopicCatalog,
  request: RemotingCommand,
): RemotingAnswer | Promise<RemotingAnswer> {
  const topic = request.extFields.get('topic');
  if (topic === undefined) return refused('topic is null');
  const perm = request.extFields.get('perm');
  // "Done" would let an operator believe that a topic cannot be written to.
  if (perm !== undefined && (Number(perm) & PERM_READ_WRITE) !== PERM_READ_WRITE) {
    return {
      code: ResponseCode.INVALID_PARAMETER,
      remark: `perm ${perm}: a topic has no permissions here; conf/acl.conf says who may what`,
    };
  }
  const stores = request.extFields.get('stores')?.split(',');
  return checked(() =>
    catalog.create(
      topic,
      stores?.filter((name) => name !== ''),
    ),
  );
}

/**
 * Stores cannot be told apart by their address, which is the name server's, so this says little. The tools read each
 * of these without looking whether it is there; `earliestMessageTimeStamp` they do not miss, and 0 would be 1970.
 */
function runtimeInfo(registry: Registry): RemotingAnswer {
  const versions = registry.stores.list().map(({ version }) => version);
  const zeros = [
    // Tools up to 4.9 know the other spelling only.
    ['putTps', 'getTransferredTps', 'getTransferedTps'].map((name) => [name, '0.0 0.0 0.0']),
    [
      'sendThreadPoolQueueSize',
      'pullThreadPoolQueueSize',
      'ackThreadPoolQueueSize',
      'sendThreadPoolQueueHeadWaitTimeMills',
      'pullThreadPoolQueueHeadWaitTimeMills',
      'ackThreadPoolQueueHeadWaitTimeMills',
      'pageCacheLockTimeMills',
      'timerReadBehind',
      'timerOffsetBehind',
      'timerCongestNum',
      'msgPutTotalYesterdayMorning',
      'msgPutTotalTodayMorning',
      'msgPutTotalTodayNow',
      'msgGetTotalYesterdayMorning',
      'msgGetTotalTodayMorning',
      'msgGetTotalTodayNow',
    ].map((name) => [name, '0']),
    ['commitLogDiskRatio', 'timerEnqueueTps', 'timerDequeueTps'].map((name) => [name, '0.0']),
  ].flat();
  const table: unknown = Object.fromEntries([
    ...zeros,
    ['brokerVersionDesc', versions[0] ?? ''],
    ['brokerActive', 'true'],
  ]);
  return bodyOf({ table });
}

async function checked(write: () => Promise<void>): Promise<RemotingAnswer> {
  try {
    await write();
    return SUCCESS;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { code: ResponseCode.INVALID_PARAMETER, remark: error.message };
  }
}

function bodyOf(body: object): RemotingAnswer {
  return { code: ResponseCode.SUCCESS, body: Buffer.from(JSON.stringify(body)) };
}

function refused(remark: string): RemotingAnswer {
  return { code: ResponseCode.SYSTEM_ERROR, remark };
}
