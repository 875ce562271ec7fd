import type { Broker, BrokerOptions } from '../helpers/broker.ts';
import {
  connack,
  connect,
  suback,
  subscribe,
  type ConnectFields,
  type QoS,
} from '../helpers/packets.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { sharedBroker } from '../helpers/start-broker.ts';

const START_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 15_000;

let unique = 0;

/** What a wire test works with: clients of the shared server, closed after each test. */
export class Wire {
  #broker: Broker | undefined;
  readonly #clients = new Set<RawClient>();

  get broker(): Broker {
    if (this.#broker === undefined) throw new Error('the server is not started yet');
    return this.#broker;
  }

  async start(options: BrokerOptions): Promise<void> {
    this.#broker = await sharedBroker(options);
  }

  async closeClients(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.drop()));
    this.#clients.clear();
  }

  /** A name that no other test uses. */
  name(stem: string): string {
    unique += 1;
    return `${stem}${String(unique)}`;
  }

  /** A socket; nothing is sent. */
  async open(): Promise<RawClient> {
    const client = await RawClient.open(this.broker);
    this.#clients.add(client);
    return client;
  }

  /** A socket with CONNECT sent and CONNACK 0 received: `sessionPresent` as the caller says. */
  async connected(fields: Partial<ConnectFields> = {}, sessionPresent = false): Promise<RawClient> {
    const client = await this.open();
    client.send(connect({ clientId: this.name('client'), ...fields }));
    await client.expect(connack(0, sessionPresent));
    return client;
  }

  /** A connected client with one subscription, SUBACK received. */
  async subscribed(
    filter: string,
    qos: QoS,
    fields: Partial<ConnectFields> = {},
  ): Promise<RawClient> {
    const client = await this.connected(fields);
    client.send(subscribe(1, [filter, qos]));
    await client.expect(suback(1, qos));
    return client;
  }
}

/** Inside a `describe`: starts the shared server before its tests and closes the clients of each. */
export function useWire(options: BrokerOptions = {}): Wire {
  const wire = new Wire();
  before('start the server', async function (this: Mocha.Context) {
    this.timeout(START_TIMEOUT_MS);
    await wire.start(options);
  });
  beforeEach(function (this: Mocha.Context) {
    this.timeout(TEST_TIMEOUT_MS);
    if (this.currentTest) this.currentTest.timeout(TEST_TIMEOUT_MS);
  });
  afterEach('close the clients', async () => {
    await wire.closeClients();
  });
  return wire;
}
