import { splitList } from '../../common/comma-list.ts';
import { TopicClient } from '../client/topic-client.ts';
import type { BrokerDataBody, ClusterInfoBody, TopicRouteBody } from '../rocketmq-bodies.ts';
import type { AdminCommand } from './admin-command.ts';
import { NamesrvFailure } from './namesrv-cluster.ts';
import type { NamesrvCluster } from './namesrv-cluster.ts';
import { textTable } from './text-table.ts';

const CLUSTER_COLUMNS = [
  { title: '#Cluster Name', width: -22 },
  { title: '#Broker Name', width: -22 },
  { title: '#BID', width: -4 },
  { title: '#Addr', width: -22 },
  { title: '#Version', width: -16 },
  { title: '#InTPS(LOAD)', width: 16 },
  { title: '#OutTPS(LOAD)', width: 16 },
  { title: '#Timer(Progress)', width: -22 },
  { title: '#PCWait(ms)', width: -11 },
  { title: '#Hour', width: -12 },
  { title: '#SPACE', width: -8 },
  { title: '#ACTIVATED', width: -10 },
];
/** InTPS to SPACE: a store does not tell the name server. */
const UNKNOWN = ['-', '-', '-', '-', '-', '-'];

const GATEWAY_COLUMNS = [
  { title: '#Gateway Name', width: -22 },
  { title: '#Version', width: -16 },
  { title: '#Addr', width: -22 },
];

const ROUTE_COLUMNS = [
  { title: '#Cluster Name', width: -45 },
  { title: '#Broker Name', width: -32 },
  { title: '#Broker Addrs', width: -50 },
  { title: '#Read Queue', width: -10 },
  { title: '#Write Queue', width: -11 },
  { title: '#Perm', width: -5 },
];

const TOPIC_COLUMNS = [
  { title: '#Cluster Name', width: -20 },
  { title: '#Topic', width: -48 },
  { title: '#Consumer Group', width: -48 },
];

const CLUSTER_LIST: AdminCommand = {
  name: 'clusterList',
  description: 'List the stores and gateways of the cluster.',
  options: [{ flags: '-c, --clusterName <name>', description: 'only this cluster' }],
  async run(namesrv, { clusterName }) {
    const info = await clusterInfo(namesrv);
    const stores = brokersOf(info, clusterName).map((broker) => [
      broker.cluster,
      broker.brokerName,
      '0',
      addressOf(broker),
      broker.storeVersion ?? '',
      ...UNKNOWN,
      'true',
    ]);
    const gateways = Object.entries(info.gatewayTable ?? {}).map(([name, gateway]) => [
      name,
      gateway.version,
      gateway.addresses.join(','),
    ]);
    const lines = textTable(CLUSTER_COLUMNS, stores);
    return [...lines, '', ...textTable(GATEWAY_COLUMNS, gateways)].join('\n');
  },
};

const TOPIC_LIST: AdminCommand = {
  name: 'topicList',
  description: 'List the first topic levels.',
  options: [{ flags: '-c, --clusterModel', description: 'as a table' }],
  async run(namesrv, { clusterModel }) {
    const topics = await namesrv.onOne((remoting) => new TopicClient(remoting).topicList());
    if (clusterModel === undefined) return topics.join('\n');
    const info = await clusterInfo(namesrv);
    const clusters = Object.keys(info.clusterAddrTable);
    const rows = clusters.flatMap((cluster) => topics.map((topic) => [cluster, topic, '']));
    return textTable(TOPIC_COLUMNS, rows).join('\n');
  },
};

const TOPIC_ROUTE: AdminCommand = {
  name: 'topicRoute',
  description: 'Print the stores that a first topic level lives on.',
  options: [
    { flags: '-t, --topic <topic>', description: 'first topic level', isRequired: true },
    { flags: '-l, --list', description: 'as a table' },
  ],
  async run(namesrv, { topic = '', list }) {
    const route = await namesrv.onOne((remoting) => new TopicClient(remoting).route(topic));
    if (route === undefined) throw new NamesrvFailure([`no route for topic "${topic}"`]);
    return list === undefined ? JSON.stringify(route, undefined, '\t') : routeTable(route);
  },
};

const UPDATE_TOPIC: AdminCommand = {
  name: 'updateTopic',
  description: 'Register a first topic level, on all stores of a cluster or on some of them.',
  options: [
    { flags: '-t, --topic <topic>', description: 'first topic level', isRequired: true },
    { flags: '-c, --clusterName <name>', description: 'on the stores of this cluster' },
    {
      flags: '-b, --brokerAddr <stores>',
      description: 'on these stores only: names or addresses, separated by commas',
    },
    { flags: '-r, --readQueueNums <n>', description: 'ignored: queues are made as needed' },
    { flags: '-w, --writeQueueNums <n>', description: 'ignored' },
    { flags: '-p, --perm <perm>', description: '6 only: conf/acl.conf says who may what' },
    { flags: '-o, --order <order>', description: 'ignored: order always holds' },
  ],
  async run(namesrv, { topic = '', clusterName, brokerAddr, perm = '6' }) {
    if ((clusterName === undefined) === (brokerAddr === undefined)) {
      throw new NamesrvFailure(['give either -c, a cluster, or -b, the stores']);
    }
    if (perm !== '6') {
      throw new NamesrvFailure([`perm ${perm}: conf/acl.conf says who may what`]);
    }
    const brokers = brokersOf(await clusterInfo(namesrv), clusterName);
    const chosen = brokerAddr === undefined ? undefined : chosenOf(brokers, brokerAddr);
    const names = (chosen ?? []).map(({ brokerName }) => brokerName);
    await namesrv.onEvery((remoting) => new TopicClient(remoting).createTopic(topic, names));
    const lines = (chosen ?? brokers).map(
      (broker) => `create topic to ${addressOf(broker)} success.`,
    );
    return lines.join('\n');
  },
};

const DELETE_TOPIC: AdminCommand = {
  name: 'deleteTopic',
  description: 'Forget a first topic level with its wildcard filters and its route.',
  options: [
    { flags: '-t, --topic <topic>', description: 'first topic level', isRequired: true },
    { flags: '-c, --clusterName <name>', description: 'cluster', isRequired: true },
  ],
  async run(namesrv, { topic = '', clusterName = '' }) {
    brokersOf(await clusterInfo(namesrv), clusterName);
    await namesrv.onEvery((remoting) => new TopicClient(remoting).deleteTopic(topic));
    return [
      `delete topic [${topic}] from cluster [${clusterName}] success.`,
      `delete topic [${topic}] from NameServer success.`,
    ].join('\n');
  },
};

export const TOPIC_COMMANDS: readonly AdminCommand[] = [
  CLUSTER_LIST,
  TOPIC_LIST,
  TOPIC_ROUTE,
  UPDATE_TOPIC,
  DELETE_TOPIC,
];

/** What one of the name servers knows. @throws NamesrvFailure (rejection) */
export function clusterInfo(namesrv: NamesrvCluster): Promise<ClusterInfoBody> {
  return namesrv.onOne((remoting) => new TopicClient(remoting).clusterInfo());
}

/** Sorted by name. @throws NamesrvFailure when the cluster is another one */
export function brokersOf(
  info: ClusterInfoBody,
  clusterName: string | undefined,
): readonly BrokerDataBody[] {
  if (clusterName !== undefined && !Object.hasOwn(info.clusterAddrTable, clusterName)) {
    throw new NamesrvFailure([
      '[error] Make sure the specified clusterName exists or the name server used is correct.',
    ]);
  }
  return Object.values(info.brokerAddrTable).sort((a, b) => (a.brokerName < b.brokerName ? -1 : 1));
}

export function addressOf({ storeAddress, brokerAddrs }: BrokerDataBody): string {
  return storeAddress ?? brokerAddrs['0'] ?? '';
}

/** `host:port` of a store's gRPC service. @throws NamesrvFailure when it has none */
export function rpcAddressOf({ brokerName, storeAddress }: BrokerDataBody): string {
  if (storeAddress !== undefined) return storeAddress;
  throw new NamesrvFailure([
    `store ${brokerName} is in one process with its gateway, where commands are off: set enableStoreAdmin = true in lmq.conf and restart`,
  ]);
}

function chosenOf(brokers: readonly BrokerDataBody[], list: string): readonly BrokerDataBody[] {
  return [...splitList(list)].map((text) => {
    const broker = brokers.find(
      (candidate) => candidate.brokerName === text || addressOf(candidate) === text,
    );
    if (broker === undefined) throw new NamesrvFailure([`no store "${text}" is registered`]);
    return broker;
  });
}

function routeTable({ brokerDatas, queueDatas }: TopicRouteBody): string {
  const rows = brokerDatas.map((broker) => {
    const queues = queueDatas.find(({ brokerName }) => brokerName === broker.brokerName);
    return [
      broker.cluster,
      broker.brokerName,
      addressOf(broker),
      String(queues?.readQueueNums ?? ''),
      String(queues?.writeQueueNums ?? ''),
      String(queues?.perm ?? ''),
    ];
  });
  return textTable(ROUTE_COLUMNS, rows).join('\n');
}
