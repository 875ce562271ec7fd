import type { Clock } from '../../common/clock.ts';
import type { RpcCredentials } from '../../rpc/credentials.ts';
import { RpcError } from '../../rpc/rpc-status.ts';
import { StoreAdminClient } from '../../rpc/store-admin-client.ts';
import type { BrokerDataBody } from '../rocketmq-bodies.ts';
import { type NamesrvCluster, NamesrvFailure } from './namesrv-cluster.ts';
import { brokersOf, clusterInfo, rpcAddressOf } from './topic-commands.ts';

/** What the tool asks of a store. */
export type StoreAdmin = Omit<StoreAdminClient, 'close'>;

/** The stores of the cluster by name, wherever they are at the moment. */
export class StoreAdmins {
  readonly #namesrv: NamesrvCluster;
  readonly #credentials: RpcCredentials;
  readonly #clock: Clock;
  /** By address. */
  readonly #clients = new Map<string, StoreAdminClient>();
  #brokers: readonly BrokerDataBody[] = [];

  constructor(namesrv: NamesrvCluster, credentials: RpcCredentials, clock: Clock) {
    this.#namesrv = namesrv;
    this.#credentials = credentials;
    this.#clock = clock;
  }

  /** Asks a name server again who is there and where. @throws NamesrvFailure (rejection) */
  async refresh(): Promise<void> {
    this.#brokers = brokersOf(await clusterInfo(this.#namesrv), undefined);
  }

  /** Those that are registered. */
  get all(): readonly BrokerDataBody[] {
    return this.#brokers;
  }

  /** @throws NamesrvFailure when the store is not registered */
  registered(name: string): BrokerDataBody {
    const broker = this.#brokers.find(({ brokerName }) => brokerName === name);
    if (broker === undefined) throw new NamesrvFailure([`no store "${name}" is registered`]);
    return broker;
  }

  /** @throws NamesrvFailure (rejection) naming the store when it is not registered or does not answer */
  async at<T>(name: string, ask: (store: StoreAdmin) => Promise<T>): Promise<T> {
    const address = rpcAddressOf(this.registered(name));
    let client = this.#clients.get(address);
    if (client === undefined) {
      client = new StoreAdminClient({
        address,
        credentials: this.#credentials,
        clock: this.#clock,
      });
      this.#clients.set(address, client);
    }
    try {
      return await ask(client);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      throw new NamesrvFailure([`store ${name}: ${error.message}`]);
    }
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }
}
