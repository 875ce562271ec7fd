import { join } from 'node:path';
import { ClusterNode, type NodeRole } from './cluster-node.ts';
import { freePort } from './free-port.ts';
import { makeTempDir, removeTempDir } from './temp-dir.ts';

export { ClusterNode } from './cluster-node.ts';

type Variables = Readonly<Record<string, string>>;

export interface ClusterOptions {
  /** How many; 2 unless given. */
  readonly gateways?: number;
  /** How many; 1 unless given. */
  readonly namesrvs?: number;
  /** Of the first of them; free ones unless given. */
  readonly namesrvPorts?: readonly number[];
  /** Lease of a gateway, ms; 2000 unless given. */
  readonly leaseMs?: number;
  /** Start the compiled program instead of the sources, for faster restarts. */
  readonly compiled?: boolean;
  /** Further variables (`LMQTT_…`) of all nodes, and of those of a role. */
  readonly environment?: Variables;
  readonly gatewayEnvironment?: Variables;
  readonly storeEnvironment?: Variables;
  readonly namesrvEnvironment?: Variables;
}

const DEFAULT_LEASE_MS = 2000;

/** Name servers, a store and gateways, each a process of its own on 127.0.0.1 with its own home. */
export class Cluster {
  readonly directory: string;
  readonly namesrvs: readonly ClusterNode[];
  readonly store: ClusterNode;
  readonly #options: ClusterOptions;
  readonly #gateways: ClusterNode[] = [];

  private constructor(
    directory: string,
    options: ClusterOptions,
    namesrvPorts: readonly number[],
    storePort: number,
  ) {
    this.directory = directory;
    this.#options = options;
    const namesrvAddr = namesrvPorts.map((port) => `127.0.0.1:${String(port)}`).join(';');
    this.#common = { LMQTT_CLUSTER_NAMESRV_ADDR: namesrvAddr, ...options.environment };
    this.namesrvs = namesrvPorts.map((port, index) =>
      this.#node('namesrv', `n${String(index + 1)}`, port, {
        LMQTT_NAMESRV_LISTEN_PORT: '0',
        LMQTT_NAMESRV_RPC_PORT: String(port),
        ...options.namesrvEnvironment,
      }),
    );
    this.store = this.#node('lmq', 'store', storePort, {
      LMQTT_LMQ_LISTEN_PORT: String(storePort),
      LMQTT_LMQ_NODE_LEASE_MS: String(this.leaseMs),
      ...options.storeEnvironment,
    });
  }

  readonly #common: Variables;

  /** Starts everything; nothing is left running when a part does not come up. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = await Cluster.create(options);
    try {
      await cluster.launch();
    } catch (error) {
      await cluster.dispose();
      throw error;
    }
    return cluster;
  }

  /** Directories and ports of a cluster of which nothing runs yet. */
  static async create(options: ClusterOptions = {}): Promise<Cluster> {
    const { gateways = 2, namesrvPorts = [] } = options;
    const { namesrvs = Math.max(1, namesrvPorts.length) } = options;
    const more = await freePorts(namesrvs - namesrvPorts.length + 1 + gateways);
    const ports = [...namesrvPorts, ...more];
    const directory = await makeTempDir('lmqtt-cluster-');
    const cluster = new Cluster(
      directory,
      options,
      ports.slice(0, namesrvs),
      ports[namesrvs] as number,
    );
    for (const port of ports.slice(namesrvs + 1)) cluster.addGateway(port);
    return cluster;
  }

  /** Starts all of its nodes. */
  async launch(): Promise<void> {
    for (const node of this.nodes) node.launch();
    await Promise.all(this.nodes.map((node) => node.untilReady()));
  }

  get leaseMs(): number {
    return this.#options.leaseMs ?? DEFAULT_LEASE_MS;
  }

  get gateways(): readonly ClusterNode[] {
    return this.#gateways;
  }

  get nodes(): readonly ClusterNode[] {
    return [...this.namesrvs, this.store, ...this.#gateways];
  }

  /** The gateway of that number, from 0 on. */
  gateway(index: number): ClusterNode {
    const node = this.#gateways[index];
    if (node === undefined) throw new Error(`there is no gateway ${String(index)}`);
    return node;
  }

  /** One more gateway, which is not started. */
  addGateway(port: number, variables: Variables = {}): ClusterNode {
    const node = this.#node('gateway', `g${String(this.#gateways.length + 1)}`, port, {
      LMQTT_CONNECT_MQTT_PORT: String(port),
      ...this.#options.gatewayEnvironment,
      ...variables,
    });
    this.#gateways.push(node);
    return node;
  }

  /** Ends every process and removes the data. */
  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.crash()));
    await removeTempDir(this.directory);
  }

  /** The last output of every node, for the message of a failed test. */
  get output(): string {
    return this.nodes.map(({ name, output }) => `--- ${name}\n${output}`).join('\n');
  }

  #node(role: NodeRole, name: string, port: number, environment: Variables): ClusterNode {
    return new ClusterNode({
      role,
      name,
      home: join(this.directory, name),
      port,
      environment: { ...this.#common, ...environment },
      compiled: this.#options.compiled ?? false,
    });
  }
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}
