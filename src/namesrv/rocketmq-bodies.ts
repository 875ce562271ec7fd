/** JSON bodies of RocketMQ's routes; what its tools do not know they ignore. */

/** All stores are brokers of one cluster. */
export const DEFAULT_CLUSTER = 'DefaultCluster';

export interface BrokerDataBody {
  readonly cluster: string;
  readonly brokerName: string;
  /** By broker id; 0 is the master. */
  readonly brokerAddrs: Readonly<Record<string, string>>;
  readonly enableActingMaster: boolean;
  /** Ours: `host:port` of the store's gRPC service; none where it has none, standalone. */
  readonly storeAddress?: string;
  /** Ours. */
  readonly storeVersion?: string;
  /** Ours: first topic levels that the store serves by name. */
  readonly storeTopics?: readonly string[];
}

export interface QueueDataBody {
  readonly brokerName: string;
  readonly readQueueNums: number;
  readonly writeQueueNums: number;
  readonly perm: number;
  readonly topicSysFlag: number;
}

/** Answer of GET_ROUTEINFO_BY_TOPIC. */
export interface TopicRouteBody {
  readonly queueDatas: readonly QueueDataBody[];
  readonly brokerDatas: readonly BrokerDataBody[];
  readonly filterServerTable: Readonly<Record<string, never>>;
}

/** Answer of GET_BROKER_CLUSTER_INFO. */
export interface ClusterInfoBody {
  readonly brokerAddrTable: Readonly<Record<string, BrokerDataBody>>;
  readonly clusterAddrTable: Readonly<Record<string, readonly string[]>>;
  /** Ours: the gateways by name. */
  readonly gatewayTable?: Readonly<Record<string, GatewayBody>>;
}

export interface GatewayBody {
  readonly addresses: readonly string[];
  readonly version: string;
}

/** Answer of GET_ALL_TOPIC_LIST_FROM_NAMESERVER. */
export interface TopicListBody {
  readonly topicList: readonly string[];
}
