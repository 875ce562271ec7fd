import { expect } from 'chai';
import { PINGREQ, PINGRESP, publish, remainingLength, subscribe } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { Bystanders } from './bystanders.ts';
import { useWire } from './wire.ts';

const MAX_PACKET_BYTES = 100_000;
const TOPIC = 'size';

/** A PUBLISH of exactly `bytes` bytes, fixed header included, for sizes of three length bytes. */
function publishOfSize(bytes: number): Buffer {
  return publish({ topic: TOPIC, payload: Buffer.alloc(bytes - 4 - 2 - TOPIC.length, 0x2e) });
}

describe('wire: 13 malformed: packets over the limit', () => {
  const wire = useWire({ maxPacketBytes: MAX_PACKET_BYTES });

  it('delivers a packet of exactly the limit', async () => {
    const packet = publishOfSize(MAX_PACKET_BYTES);
    expect(packet).to.have.lengthOf(MAX_PACKET_BYTES);
    const client = await wire.subscribed(TOPIC, 0);
    client.send(packet);
    await client.expect(packet);
  });

  it('closes on one byte more at the fixed header, before the body comes', async function () {
    // mosquitto counts without the fixed header.
    if (isMosquitto) this.skip();
    const bystanders = await Bystanders.join(wire);
    const client = await wire.connected();
    client.send(publishOfSize(MAX_PACKET_BYTES + 1).subarray(0, 4));
    await client.expectClose();
    await bystanders.check();
  });

  for (const [name, first] of [
    ['PUBLISH', 0x30],
    ['SUBSCRIBE', 0x82],
    ['UNSUBSCRIBE', 0xa2],
  ] as const) {
    it(`closes on ${name} that announces 256 MB`, async () => {
      const client = await wire.connected();
      client.send(Buffer.concat([Buffer.from([first]), remainingLength(268_435_455)]));
      await client.expectClose();
    });
  }

  it('closes on CONNECT that announces 256 MB', async () => {
    const client = await wire.open();
    client.send('10 ff ff ff 7f');
    await client.expectClose();
  });

  it('does not buffer what comes behind: memory stays where it was', async () => {
    const before = wire.broker.rssBytes;
    const chunk = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 20; i++) {
      const client = await wire.connected();
      client.send('30 ff ff ff 7f', chunk, chunk);
      await client.expectClose();
    }
    expect(wire.broker.rssBytes - before).to.be.below(60 * 1024 * 1024);
  });

  it('goes on for a client that was never over the limit', async () => {
    const client = await wire.connected();
    const big = Array.from({ length: 5000 }, (_, i) => [`size/${i}`, 0] as const);
    client.send(subscribe(1, ...big), PINGREQ);
    expect((await client.readPacket()).type).to.equal('suback');
    await client.expect(PINGRESP);
  });
});
