import type { Broker, FullBrokerOptions } from '../helpers/broker.ts';
import type { Cluster, ClusterNode } from '../helpers/cluster.ts';
import type { Random } from '../helpers/random.ts';
import { CrashWorld } from './crash-world.ts';

/** What happens to the cluster: `begin`, and `end` brings everything back. */
export interface ClusterFault {
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** One gateway as the clients of a crash test see it. */
class GatewayView implements Broker {
  readonly host: string;
  readonly port: number;
  readonly options: FullBrokerOptions = { maxPacketBytes: 1 << 20, maxInflight: 100 };
  readonly #node: ClusterNode;
  readonly #fault: () => ClusterFault | undefined;

  /** @param fault what `crash` and `restart` do; nothing for the gateway of the other clients */
  constructor(node: ClusterNode, fault: () => ClusterFault | undefined) {
    this.host = node.host;
    this.port = node.port;
    this.#node = node;
    this.#fault = fault;
  }

  get dataDir(): string {
    return this.#node.home;
  }

  get alive(): boolean {
    return this.#node.alive;
  }

  get output(): string {
    return this.#node.output;
  }

  get rssBytes(): number {
    return this.#node.rssBytes;
  }

  async crash(): Promise<void> {
    await this.#fault()?.begin();
  }

  async restart(): Promise<void> {
    await this.#fault()?.end();
  }

  async stop(): Promise<void> {
    await this.#node.stop();
  }
}

/** Publishers on the first gateway, subscribers on the second, and faults that both may notice. */
export class ClusterWorld {
  readonly publishing: CrashWorld;
  readonly subscribing: CrashWorld;
  #fault: ClusterFault | undefined;
  /** Resolves when the fault that is under way is over. */
  #ended: Promise<void> = Promise.resolve();
  #over: () => void = () => undefined;

  constructor(cluster: Cluster, random: Random) {
    const first: ClusterFault = {
      begin: () => this.#fault?.begin() ?? Promise.resolve(),
      end: async () => {
        await this.#fault?.end();
        this.#over();
      },
    };
    const second: ClusterFault = { begin: () => Promise.resolve(), end: () => this.#ended };
    this.publishing = new CrashWorld(
      new GatewayView(cluster.gateway(0), () => first),
      random,
      true,
    );
    this.subscribing = new CrashWorld(
      new GatewayView(cluster.gateway(1), () => second),
      random,
      true,
    );
  }

  get violations(): readonly string[] {
    return [...this.publishing.violations, ...this.subscribing.violations];
  }

  /** Lets a fault happen and end; both sides may see their connections close meanwhile. */
  async run(fault: ClusterFault, maxDelayMs: number): Promise<void> {
    this.#fault = fault;
    this.#ended = new Promise((resolve) => {
      this.#over = resolve;
    });
    await Promise.all([this.publishing.crash(maxDelayMs), this.subscribing.crash(0)]);
  }
}

/** SIGKILL, and a start again. */
export function kill(node: ClusterNode): ClusterFault {
  return { begin: () => node.crash(), end: () => node.start() };
}

/** SIGSTOP for a time, then SIGCONT. */
export function pause(node: ClusterNode, milliseconds: number): ClusterFault {
  return {
    begin: async () => {
      node.pause();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
    },
    end: async () => {
      node.resume();
    },
  };
}
