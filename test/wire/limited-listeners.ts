import { connack, connect, type ConnectFields } from '../helpers/packets.ts';
import { connect5, type Connect5Fields } from '../helpers/packets5.ts';
import type { Broker } from '../helpers/broker.ts';
import { freePort } from '../helpers/free-port.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { disposeBroker, startBroker } from '../helpers/start-broker.ts';
import { Client5 } from '../wire5/client5.ts';

const START_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 15_000;

let unique = 0;

/** Clients of a server with several listeners, each with keys of its own. */
export class LimitedListeners {
  #broker: Broker | undefined;
  readonly ports: Map<string, number> = new Map<string, number>();
  readonly #clients = new Set<RawClient>();

  get broker(): Broker {
    if (this.#broker === undefined) throw new Error('the server is not started yet');
    return this.#broker;
  }

  async start(connectConf: string, environment: Readonly<Record<string, string>>): Promise<void> {
    this.#broker = await startBroker({ connectConf, environment });
  }

  async stop(): Promise<void> {
    // One that never started has cleaned up after itself.
    if (this.#broker !== undefined) await disposeBroker(this.#broker);
  }

  async open(listener: string): Promise<RawClient> {
    const port = this.ports.get(listener) ?? this.broker.port;
    const client = await RawClient.open({ host: '127.0.0.1', port });
    this.#clients.add(client);
    return client;
  }

  /** A client of MQTT 3.1.1 whose CONNECT is answered with return code `code`. */
  async connected(
    listener: string,
    fields: Partial<ConnectFields> = {},
    code = 0,
  ): Promise<RawClient> {
    const client = await this.open(listener);
    client.send(connect({ clientId: this.name(), ...fields }));
    await client.expect(connack(code, false));
    return client;
  }

  /** A client of MQTT 5; its CONNACK says what it will. */
  async connected5(listener: string, fields: Partial<Connect5Fields> = {}): Promise<Client5> {
    const client = await this.open(listener);
    client.send(connect5({ clientId: this.name(), ...fields }));
    return Client5.accept(client);
  }

  name(): string {
    unique += 1;
    return `limited${String(unique)}`;
  }

  async closeClients(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.drop()));
    this.#clients.clear();
  }
}

/**
 * Inside a `describe`: a server of its own with a listener for each name.
 * @param keys lines of the listener's section
 */
export function useListeners(
  keys: Readonly<Record<string, readonly string[]>>,
  environment: Readonly<Record<string, string>> = {},
): LimitedListeners {
  const listeners = new LimitedListeners();
  before('start the server', async function (this: Mocha.Context) {
    this.timeout(START_TIMEOUT_MS);
    const lines: string[] = [];
    for (const [name, own] of Object.entries(keys)) {
      const port = await freePort();
      listeners.ports.set(name, port);
      lines.push(`[listener.${name}]`, `port = ${String(port)}`, ...own);
    }
    await listeners.start(lines.join('\n'), environment);
  });
  beforeEach(function (this: Mocha.Context) {
    if (this.currentTest) this.currentTest.timeout(TEST_TIMEOUT_MS);
  });
  afterEach('close the clients', async () => {
    await listeners.closeClients();
  });
  after('stop the server', async function (this: Mocha.Context) {
    this.timeout(START_TIMEOUT_MS);
    await listeners.stop();
  });
  return listeners;
}
