import type { IClientOptions } from 'mqtt';
import type { Broker, BrokerOptions } from '../helpers/broker.ts';
import { sharedBroker } from '../helpers/start-broker.ts';
import { mosquittoPub, MosquittoSub, requireMosquittoClients } from './mosquitto-clients.ts';
import { MqttJsClient } from './mqtt-js-client.ts';

const START_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 20_000;

let unique = 0;

/** Clients of the shared server, ended after each test. */
export class Interop {
  #broker: Broker | undefined;
  readonly #subs: MosquittoSub[] = [];
  readonly #clients: MqttJsClient[] = [];

  get broker(): Broker {
    if (this.#broker === undefined) throw new Error('the server is not started yet');
    return this.#broker;
  }

  async start(options: BrokerOptions): Promise<void> {
    requireMosquittoClients();
    this.#broker = await sharedBroker(options);
  }

  name(stem: string): string {
    unique += 1;
    return `${stem}${unique}`;
  }

  async mqttJs(options: IClientOptions = {}): Promise<MqttJsClient> {
    const client = await MqttJsClient.connect(this.broker, options);
    this.#clients.push(client);
    return client;
  }

  /** A running mosquitto_sub, subscribed. */
  async sub(...args: readonly string[]): Promise<MosquittoSub> {
    const sub = await MosquittoSub.start(this.broker, args);
    this.#subs.push(sub);
    return sub;
  }

  /** Runs mosquitto_pub to its end. */
  async pub(args: readonly string[], input?: string | Buffer): Promise<void> {
    await mosquittoPub(this.broker, args, input);
  }

  async endClients(): Promise<void> {
    await Promise.all([
      ...this.#clients.splice(0).map((client) => client.end()),
      ...this.#subs.splice(0).map((sub) => sub.stop()),
    ]);
  }
}

/** Inside a `describe`: starts the shared server before its tests and ends the clients of each. */
export function useInterop(options: BrokerOptions = {}): Interop {
  const interop = new Interop();
  before('start the server', async function (this: Mocha.Context) {
    this.timeout(START_TIMEOUT_MS);
    await interop.start(options);
  });
  beforeEach(function (this: Mocha.Context) {
    this.currentTest?.timeout(TEST_TIMEOUT_MS);
  });
  afterEach('end the clients', async () => {
    await interop.endClients();
  });
  return interop;
}
