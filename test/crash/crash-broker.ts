import type { Broker } from '../helpers/broker.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { disposeBroker, startBroker } from '../helpers/start-broker.ts';

/** A server of the tests' own, to be killed, and the raw clients of one test. */
export class CrashBroker {
  #broker: Broker | undefined;
  readonly #clients: RawClient[] = [];

  get broker(): Broker {
    if (this.#broker === undefined) throw new Error('the server is not started');
    return this.#broker;
  }

  async start(): Promise<void> {
    this.#broker = await startBroker({ compiled: isBuildCurrent() });
  }

  async stop(): Promise<void> {
    if (this.#broker !== undefined) await disposeBroker(this.#broker);
  }

  /** Kills the server and starts it again. */
  async crash(): Promise<void> {
    await this.broker.crash();
    await this.broker.restart();
  }

  /** A client that has sent nothing, closed after the test. */
  async open(): Promise<RawClient> {
    const client = await RawClient.open(this.broker);
    this.#clients.push(client);
    return client;
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.drop()));
  }
}

/** Inside a `describe`: starts a server before its tests, which have `timeoutMs` each. */
export function useCrashBroker(timeoutMs: number): CrashBroker {
  const server = new CrashBroker();

  before('start the server', async function (this: Mocha.Context) {
    this.timeout(60_000);
    await server.start();
  });

  beforeEach(function (this: Mocha.Context) {
    this.currentTest?.timeout(timeoutMs);
  });

  afterEach('close the clients', () => server.closeClients());

  after('stop the server', async function (this: Mocha.Context) {
    this.timeout(30_000);
    await server.stop();
  });

  return server;
}
