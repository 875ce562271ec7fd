import { expect } from 'chai';
import type { BrokerOptions } from '../helpers/broker.ts';
import type { QoS } from '../helpers/packets.ts';
import {
  ack5,
  connect5,
  disconnect5,
  publish5,
  subscribe5,
  type Connect5Fields,
  type Publish5Fields,
  type SubscribeOptions,
} from '../helpers/packets5.ts';
import type { Properties } from '../helpers/properties5.ts';
import type { Bytes } from '../helpers/raw-client.ts';
import { useWire, type Wire } from '../wire/wire.ts';
import { Client5 } from './client5.ts';

/** Seconds; longer than any test. */
export const LONG = 3600;

/** Clients of MQTT 5 of the shared server. */
export class Wire5 {
  /** The same server for clients of MQTT 3.1.1. */
  readonly v4: Wire;

  constructor(v4: Wire) {
    this.v4 = v4;
  }

  /** A name that no other test uses. */
  name(stem: string): string {
    return this.v4.name(`v5-${stem}`);
  }

  /** A socket, CONNECT sent, and a CONNACK with `code` received. */
  async answered(code: number, packet: Bytes): Promise<Client5> {
    const raw = await this.v4.open();
    raw.send(packet);
    const client = await Client5.accept(raw);
    expect(client.connack.code).to.equal(code);
    return client;
  }

  /** A socket with CONNECT sent and CONNACK 0 received: `sessionPresent` as the caller says. */
  async connected(fields: Partial<Connect5Fields> = {}, sessionPresent = false): Promise<Client5> {
    const packet = connect5({ clientId: this.name('client'), ...fields });
    const client = await this.answered(0, packet);
    expect(client.connack.sessionPresent).to.equal(sessionPresent);
    return client;
  }

  /** A client whose session outlives its connection. */
  async lasting(
    clientId: string,
    sessionPresent = false,
    list: Properties = [],
    clean = false,
  ): Promise<Client5> {
    const all: Properties = [['sessionExpiry', LONG], ...list];
    return this.connected({ clientId, clean, properties: all }, sessionPresent);
  }

  /** A connected client with one subscription, SUBACK received. */
  async subscribed(
    filter: string,
    qos: QoS,
    fields: Partial<Connect5Fields> = {},
    options: SubscribeOptions = {},
    list: Properties = [],
  ): Promise<Client5> {
    const client = await this.connected(fields);
    await this.subscribe(client, filter, qos, options, list);
    return client;
  }

  async subscribe(
    client: Client5,
    filter: string,
    qos: QoS,
    options: SubscribeOptions = {},
    list: Properties = [],
  ): Promise<void> {
    client.send(subscribe5(1, [[filter, qos, options]], list));
    await client.suback(1, qos);
  }

  /** Publishes with a client of its own and waits until the flow is complete. */
  async published(...messages: readonly Publish5Fields[]): Promise<void> {
    const client = await this.connected();
    for (const [i, message] of messages.entries()) await this.publishBy(client, message, i + 1);
    client.send(disconnect5());
  }

  /** Publishes one message and waits until its flow is complete. */
  async publishBy(client: Client5, message: Publish5Fields, id = 1): Promise<void> {
    client.send(publish5({ ...message, id }));
    if (message.qos === 1) {
      await client.accepted('puback', id);
    } else if (message.qos === 2) {
      await client.accepted('pubrec', id);
      client.send(ack5('pubrel', id));
      await client.ack('pubcomp', id);
    } else {
      await client.ping();
    }
  }
}

/** Inside a `describe`: starts the shared server before its tests and closes the clients of each. */
export function useWire5(options: BrokerOptions = {}): Wire5 {
  return new Wire5(useWire(options));
}
