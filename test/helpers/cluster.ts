import { join } from 'node:path';
import { systemClock } from '../../src/common/clock.ts';
import { runMqadmin } from '../../src/namesrv/mqadmin/mqadmin.ts';
import { ClusterNode, type NodeRole } from './cluster-node.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { makeTempDir, removeTempDir } from './temp-dir.ts';

export { ClusterNode } from './cluster-node.ts';

type Variables = Readonly<Record<string, string>>;

export interface ClusterOptions {
  /** How many; 2 unless given. */
  readonly gateways?: number;
  /** How many; 1 unless given. */
  readonly namesrvs?: number;
  /** How many; 1 unless given. Of several, `start` spreads the topics over them. */
  readonly stores?: number;
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

export interface AdminOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const DEFAULT_LEASE_MS = 2000;

/** Name servers, stores and gateways, each a process of its own on 127.0.0.1 with its own home. */
export class Cluster {
  readonly directory: string;
  readonly namesrvs: readonly ClusterNode[];
  readonly #options: ClusterOptions;
  readonly #stores: ClusterNode[] = [];
  readonly #gateways: ClusterNode[] = [];

  private constructor(
    directory: string,
    options: ClusterOptions,
    namesrvPorts: readonly number[],
    storePorts: readonly number[],
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
    for (const port of storePorts) this.addStore(port);
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
    const { gateways = 2, namesrvPorts = [], stores = 1 } = options;
    const { namesrvs = Math.max(1, namesrvPorts.length) } = options;
    const more = await freePorts(namesrvs - namesrvPorts.length + stores + gateways);
    const ports = [...namesrvPorts, ...more];
    const directory = await makeTempDir('lmqtt-cluster-');
    const cluster = new Cluster(
      directory,
      options,
      ports.slice(0, namesrvs),
      ports.slice(namesrvs, namesrvs + stores),
    );
    for (const port of ports.slice(namesrvs + stores)) cluster.addGateway(port);
    return cluster;
  }

  /** Starts all of its nodes; spreads the topics over the stores when there are several. */
  async launch(): Promise<void> {
    for (const node of [...this.namesrvs, ...this.stores]) node.launch();
    // A gateway would take the first of them to register for the only one.
    if (this.stores.length > 1) await this.found();
    for (const node of this.gateways) node.launch();
    await Promise.all(this.nodes.map((node) => node.untilReady()));
  }

  get leaseMs(): number {
    return this.#options.leaseMs ?? DEFAULT_LEASE_MS;
  }

  get gateways(): readonly ClusterNode[] {
    return this.#gateways;
  }

  get stores(): readonly ClusterNode[] {
    return this.#stores;
  }

  /** The first store, or the only one. */
  get store(): ClusterNode {
    return this.#stores[0] as ClusterNode;
  }

  get nodes(): readonly ClusterNode[] {
    return [...this.namesrvs, ...this.#stores, ...this.#gateways];
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

  /** One more store, which is not started; its name is its `brokerName`. */
  addStore(port: number, variables: Variables = {}): ClusterNode {
    const name = this.#stores.length === 0 ? 'store' : `store${String(this.#stores.length + 1)}`;
    const node = this.#node('lmq', name, port, {
      LMQTT_LMQ_BROKER_NAME: name,
      LMQTT_LMQ_LISTEN_PORT: String(port),
      LMQTT_LMQ_NODE_LEASE_MS: String(this.leaseMs),
      ...this.#options.storeEnvironment,
      ...variables,
    });
    this.#stores.push(node);
    return node;
  }

  /** Spreads the topics over the stores that there are; they and the name servers run. */
  async found(): Promise<void> {
    const nodes = [...this.namesrvs, ...this.#stores];
    await Promise.all(nodes.map((node) => node.untilReady()));
    const names = this.#stores.map(({ name }) => name);
    await eventually(
      'the stores are registered',
      async () => {
        const { out } = await this.mqadmin('clusterList');
        return names.every((name) => out.includes(` ${name} `));
      },
      10_000,
      50,
    );
    await this.succeed('foundStores', '-b', names.join(','));
  }

  /** Runs the admin tool, in this process. */
  async mqadmin(...args: readonly string[]): Promise<AdminOutcome> {
    let [out, err] = ['', ''];
    const code = await runMqadmin(args, {
      defaultNamesrvAddr: this.namesrvs.map((node) => node.ready('namesrv')).join(';'),
      stdout: (text) => (out += text),
      stderr: (text) => (err += text),
      clock: systemClock,
    });
    return { code, out, err };
  }

  /** The output of the admin tool, which has succeeded. */
  async succeed(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await this.mqadmin(...args);
    if (code !== 0) throw new Error(`mqadmin ${args.join(' ')}: ${out}${err}`);
    return out;
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
