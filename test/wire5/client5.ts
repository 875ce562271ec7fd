import { expect } from 'chai';
import {
  decode5,
  type Ack5,
  type Connack5,
  type Packet5,
  type Publish5,
  type Suback5,
} from '../helpers/packets5.ts';
import { PINGREQ } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import type { Bytes, RawClient } from '../helpers/raw-client.ts';

/** Longer than a keep-alive of a second and its grace. */
const CLOSE_TIMEOUT_MS = 8_000;

/** What a PUBLISH must be; fields that are not given are not looked at. */
export type WantedPublish = Partial<Omit<Publish5, 'type' | 'payload'>> & {
  readonly payload?: string | Buffer;
};

type Of<Type extends Packet5['type']> = Packet5 & { readonly type: Type };

/** A raw client that decodes what comes as MQTT 5. It keeps no MQTT rule by itself. */
export class Client5 {
  readonly raw: RawClient;
  readonly connack: Connack5;

  constructor(raw: RawClient, connack: Connack5) {
    this.raw = raw;
    this.connack = connack;
  }

  /** Reads the first packet of the server, which must be a CONNACK, and returns the client. */
  static async accept(raw: RawClient): Promise<Client5> {
    const { first, body } = await raw.readFrame();
    const packet = decode5(first, body);
    if (packet.type !== 'connack') throw new Error(`${packet.type} came instead of CONNACK`);
    return new Client5(raw, packet);
  }

  send(...bytes: readonly Bytes[]): void {
    this.raw.send(...bytes);
  }

  async read(timeoutMs?: number): Promise<Packet5> {
    const { first, body } = await this.raw.readFrame(timeoutMs);
    return decode5(first, body);
  }

  async #readOne<Type extends Packet5['type']>(type: Type, timeoutMs?: number): Promise<Of<Type>> {
    const packet = await this.read(timeoutMs);
    if (packet.type === type) return packet as Of<Type>;
    throw new Error(`expected ${type}, received ${JSON.stringify(packet)}`);
  }

  /** Takes the next packet, which must be a PUBLISH with these fields. */
  async publish(wanted: WantedPublish = {}, timeoutMs?: number): Promise<Publish5> {
    const packet = await this.#readOne('publish', timeoutMs);
    const { payload, properties, ...fields } = wanted;
    expect(packet).to.include(fields);
    if (payload !== undefined) expect(packet.payload).to.deep.equal(Buffer.from(payload));
    if (properties !== undefined) expect(packet.properties).to.deep.equal(properties);
    return packet;
  }

  /** Takes the next packet, an acknowledgement with this id and one of these codes (0 unless given). */
  async ack(type: Ack5['type'], id: number, ...codes: readonly number[]): Promise<Ack5> {
    const packet = await this.#readOne(type);
    expect(packet).to.include({ type, id });
    expect(packet.code).to.be.oneOf(codes.length === 0 ? [0] : codes);
    return packet;
  }

  /** Takes the next packet, a PUBACK or PUBREC of success: 0x10 says that nobody subscribes. */
  async accepted(type: 'puback' | 'pubrec', id: number): Promise<Ack5> {
    return this.ack(type, id, 0x00, 0x10);
  }

  async suback(id: number, ...codes: readonly number[]): Promise<Suback5> {
    return this.#subscriptionAck('suback', id, codes);
  }

  async unsuback(id: number, ...codes: readonly number[]): Promise<Suback5> {
    return this.#subscriptionAck('unsuback', id, codes);
  }

  async #subscriptionAck(
    type: Suback5['type'],
    id: number,
    codes: readonly number[],
  ): Promise<Suback5> {
    const packet = await this.#readOne(type);
    expect(packet).to.include({ type, id });
    expect(packet.codes).to.deep.equal(codes);
    return packet;
  }

  /**
   * Takes the next packet, a DISCONNECT with one of these codes, and expects the close behind it.
   * mosquitto may say another code, or close only.
   */
  async disconnected(...codes: readonly number[]): Promise<void> {
    const packet = await this.read(CLOSE_TIMEOUT_MS).catch((error: unknown) => {
      if (isMosquitto && this.raw.closed) return undefined;
      throw error;
    });
    if (packet === undefined) return;
    if (packet.type !== 'disconnect')
      throw new Error(`expected DISCONNECT, received ${JSON.stringify(packet)}`);
    if (!isMosquitto) expect(packet.code).to.be.oneOf(codes);
    // [MQTT-3.14.2-2]
    expect(packet.properties.map(([name]) => name)).to.not.include('sessionExpiry');
    await this.raw.expectClose();
  }

  /** Sends PINGREQ and takes PINGRESP: everything sent before has been handled, nothing else came. */
  async ping(): Promise<void> {
    this.send(PINGREQ);
    await this.#readOne('pingresp');
  }
}
