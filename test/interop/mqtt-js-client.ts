import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { eventually, within } from '../helpers/eventually.ts';
import type { Address } from '../helpers/raw-client.ts';
import type { Message } from './mosquitto-clients.ts';

const CONNECT_TIMEOUT_MS = 5_000;

/** An MQTT.js client that keeps what it receives. */
export class MqttJsClient {
  readonly client: MqttClient;
  readonly messages: Message[] = [];
  /** What the CONNACK said. */
  sessionPresent = false;

  private constructor(client: MqttClient) {
    this.client = client;
    // Listens before CONNACK: a backlog may follow it in the same segment.
    client.on('message', (topic, payload, packet) => {
      this.messages.push({ topic, payload, qos: packet.qos, retain: packet.retain });
    });
  }

  static async connect(address: Address, options: IClientOptions = {}): Promise<MqttJsClient> {
    const client = connect({
      host: address.host,
      port: address.port,
      protocol: 'mqtt',
      protocolVersion: 4,
      reconnectPeriod: 0,
      ...options,
    });
    const result = new MqttJsClient(client);
    const connected = new Promise<void>((resolve, reject) => {
      client.once('connect', (packet) => {
        result.sessionPresent = packet.sessionPresent;
        resolve();
      });
      client.once('error', reject);
    });
    try {
      await within('MQTT.js to connect', CONNECT_TIMEOUT_MS, connected);
    } catch (error) {
      client.end(true);
      throw error;
    }
    return result;
  }

  /** Waits until `count` messages have come, and returns all that have. */
  async received(count: number, timeoutMs = 10_000): Promise<readonly Message[]> {
    await eventually(`${count} messages`, () => this.messages.length >= count, timeoutMs);
    return this.messages;
  }

  async end(): Promise<void> {
    await this.client.endAsync();
  }
}
