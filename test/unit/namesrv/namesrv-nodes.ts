import { join } from 'node:path';
import { systemClock } from '../../../src/common/clock.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import { NamesrvClient } from '../../../src/namesrv/client/namesrv-client.ts';
import type { NamesrvClientOptions } from '../../../src/namesrv/client/namesrv-client.ts';
import { createNamesrv } from '../../../src/namesrv/server/namesrv-server.ts';
import type { Namesrv, NamesrvOptions } from '../../../src/namesrv/server/namesrv-server.ts';
import type { GatewayRegistration, StoreRegistration } from '../../../src/namesrv/types.ts';
import { freePort } from '../../helpers/free-port.ts';
import { makeTempDir, removeTempDir } from '../../helpers/temp-dir.ts';

/** Name servers and clients in this process, on loopback. */
export class NamesrvNodes {
  readonly servers: Namesrv[] = [];
  readonly addresses: string[] = [];
  readonly #options: Partial<NamesrvOptions>[] = [];
  readonly #clients: NamesrvClient[] = [];
  #directory = '';

  /** Starts one name server more. */
  async add(options: Partial<NamesrvOptions> = {}): Promise<Namesrv> {
    if (this.#directory === '') this.#directory = await makeTempDir();
    const index = this.servers.length;
    const rpc = { host: '127.0.0.1', port: await freePort(), credentials: {}, ...options.rpc };
    this.#options.push({ ...options, rpc });
    this.addresses.push(`127.0.0.1:${String(rpc.port)}`);
    this.servers.push(this.#make(index));
    return this.start(index);
  }

  /** Starts one again after `stop`, from its directory. */
  async start(index: number): Promise<Namesrv> {
    const server = this.#make(index);
    this.servers[index] = server;
    await server.start();
    return server;
  }

  async stop(index: number): Promise<void> {
    await this.servers[index]!.stop();
  }

  /** Starts a client of all name servers that are there. */
  async client(options: Partial<NamesrvClientOptions> = {}): Promise<NamesrvClient> {
    const client = this.makeClient(options);
    await client.start();
    return client;
  }

  makeClient(options: Partial<NamesrvClientOptions> = {}): NamesrvClient {
    const client = new NamesrvClient({
      addresses: this.addresses,
      credentials: {},
      name: `client-${String(this.#clients.length)}`,
      logger: silentLogger,
      callTimeoutMs: 1_000,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  async end(): Promise<void> {
    for (const client of this.#clients) await client.stop();
    for (const server of this.servers) await server.stop();
    if (this.#directory !== '') await removeTempDir(this.#directory);
  }

  #make(index: number): Namesrv {
    return createNamesrv({
      host: '127.0.0.1',
      port: 0,
      directory: join(this.#directory, String(index)),
      logger: silentLogger,
      clock: systemClock,
      ...this.#options[index],
    });
  }
}

export function aStore(values: Partial<StoreRegistration> = {}): StoreRegistration {
  return {
    name: 'store-1',
    address: '127.0.0.1:9878',
    minProtocolVersion: 1,
    protocolVersion: 1,
    topics: [],
    epoch: 1,
    version: '1.0.0',
    ...values,
  };
}

export function aGateway(values: Partial<GatewayRegistration> = {}): GatewayRegistration {
  return {
    name: 'gateway-1',
    addresses: ['127.0.0.1:1883'],
    version: '1.0.0',
    rpcAddress: '',
    epoch: 1,
    ...values,
  };
}
