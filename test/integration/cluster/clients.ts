import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { eventually } from '../../helpers/eventually.ts';
import type { Address } from '../../helpers/raw-client.ts';

export interface Received {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly dup: boolean;
}

/** A client of a gateway that remembers what it has received. */
export class TestClient {
  readonly mqtt: MqttClient;
  readonly received: Received[] = [];
  /** Reason code of DISCONNECT, with its properties, once the server has sent one. */
  disconnect: { reasonCode: number | undefined; serverReference: string | undefined } | undefined;

  constructor(client: MqttClient) {
    this.mqtt = client;
    client.on('message', (topic: string, payload: Buffer, packet: IPublishPacket) => {
      const { qos, retain, dup } = packet;
      this.received.push({ topic, payload: payload.toString(), qos, retain, dup });
    });
    client.on('disconnect', ({ reasonCode, properties }) => {
      this.disconnect = { reasonCode, serverReference: properties?.serverReference };
    });
    // A connection that is cut is part of the tests.
    client.on('error', () => undefined);
  }

  get payloads(): readonly string[] {
    return this.received.map(({ payload }) => payload);
  }

  async payloadsOf(count: number, timeoutMs = 10_000): Promise<readonly string[]> {
    await eventually(
      `${String(count)} messages`,
      () => this.received.length >= count,
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(`has only ${JSON.stringify(this.received)}`, { cause: error });
    });
    return this.payloads;
  }
}

/** The clients of one test; all are gone after `end`. */
export class Clients {
  readonly #clients: TestClient[] = [];

  /** Connects once, MQTT 5; never again by itself. */
  async connect(
    { host, port }: Address,
    clientId: string,
    options: IClientOptions = {},
  ): Promise<TestClient & { readonly sessionPresent: boolean }> {
    const client = mqtt.connect({
      host,
      port,
      clientId,
      protocolVersion: 5,
      reconnectPeriod: 0,
      clean: true,
      resubscribe: false,
      ...options,
    });
    // Before the first packet, for messages that come right behind CONNACK.
    const test = new TestClient(client);
    this.#clients.push(test);
    const sessionPresent = await new Promise<boolean>((resolve, reject) => {
      client.once('connect', (connack) => {
        resolve(connack.sessionPresent);
      });
      client.once('error', reject);
      client.once('close', () => {
        reject(new Error(`${clientId}: closed before CONNACK`));
      });
    });
    return Object.assign(test, { sessionPresent });
  }

  async end(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.mqtt.endAsync(true)));
  }
}

/** Keeps the session of a client for an hour. */
export const PERSISTENT: IClientOptions = {
  clean: false,
  properties: { sessionExpiryInterval: 3600 },
};
