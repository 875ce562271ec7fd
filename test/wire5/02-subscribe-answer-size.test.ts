import { expect } from 'chai';
import { connect5, decode5, subscribe5, unsubscribe5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import { useWire5 } from './wire5.ts';

const PACKET_TOO_LARGE = 0x95;

describe('wire5: 02 an answer that is larger than the client takes', () => {
  // mosquitto 2.0.11 sends it.
  if (isMosquitto) return;
  const wire = useWire5();

  /** Expects an error of at most `maximum` bytes, and the close. */
  async function refused(raw: RawClient, type: string, maximum: number): Promise<void> {
    const { first, body } = await raw.readFrame();
    expect(decode5(first, body)).to.include({ type, code: PACKET_TOO_LARGE });
    expect(body.length + 2).to.be.at.most(maximum);
    await raw.expectClose();
  }

  it('is not sent: CONNACK, but one of a few bytes that says so [MQTT-3.1.2-24]', async () => {
    for (const maximum of [5, 12]) {
      const raw = await wire.v4.open();
      const properties = [['maximumPacketSize', maximum]] as const;
      raw.send(connect5({ clientId: '', properties }));
      await refused(raw, 'connack', maximum);
    }
  });

  it('is not sent: CONNACK to a client that takes none at all; the connection closes [MQTT-3.1.2-24]', async () => {
    const raw = await wire.v4.open();
    raw.send(connect5({ clientId: 'tiny', properties: [['maximumPacketSize', 1]] }));
    await raw.expectClose();
  });

  const filters = Array.from({ length: 60 }, (_, i) => `size/${String(i)}`);
  const subscribe = subscribe5(
    1,
    filters.map((filter) => [filter, 0]),
  );
  for (const [what, packet] of [
    ['SUBACK', subscribe],
    ['UNSUBACK', unsubscribe5(1, filters)],
  ] as const) {
    it(`is not sent: ${what}, but DISCONNECT [MQTT-3.1.2-24]`, async () => {
      const maximum = 64;
      const client = await wire.connected({ properties: [['maximumPacketSize', maximum]] });
      client.send(packet);
      await refused(client.raw, 'disconnect', maximum);
    });

    it(`is sent where it fits: ${what}`, async () => {
      const client = await wire.connected({ properties: [['maximumPacketSize', 65]] });
      client.send(packet);
      expect((await client.raw.readFrame()).body).to.have.lengthOf(63);
    });
  }
});
