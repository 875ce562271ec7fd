import { expect } from 'chai';
import { connect, hex, publish } from '../../../helpers/packets.ts';
import { World } from '../gateway-world.ts';

const HELLO = connect({ clientId: 'c', keepAlive: 0 });

describe('gateway: Channel, before CONNECT', () => {
  it('closes at the first byte that does not begin a CONNECT, without an answer [MQTT-3.1.0-1]', async () => {
    for (let byte = 0; byte < 256; byte++) {
      if (byte === 0x10) continue;
      const world = new World();
      const client = world.open();
      expect(await client.exchange(Buffer.from([byte])), String(byte)).to.deep.equal([]);
      expect(client.closed, String(byte)).to.equal(true);
      expect(world.stats.protocolErrors, String(byte)).to.equal(1);
    }
  });

  it('does not wait for the packet that the first byte begins [MQTT-3.1.0-1]', async () => {
    const large = publish({ topic: 't', payload: Buffer.alloc(100_000) });
    const world = new World();
    const client = world.open();
    await client.exchange(large.subarray(0, 3));
    expect(client.closed).to.equal(true);
    expect(world.stats.messagesReceived).to.equal(0);
  });

  it('takes a CONNECT that comes byte by byte', async () => {
    const world = new World();
    const client = world.open();
    for (const byte of HELLO.subarray(0, -1)) {
      expect(await client.exchange(Buffer.from([byte]))).to.deep.equal([]);
      expect(client.closed).to.equal(false);
    }
    const [connack] = await client.exchange(HELLO.subarray(-1));
    expect(connack).to.deep.include({ type: 'connack', code: 0 });
  });

  it('does not take later chunks for the first one', async () => {
    const world = new World();
    const client = world.open();
    await client.exchange(HELLO.subarray(0, 5));
    // 0x30 in the middle of the CONNECT, and as the first byte of the next packet in its chunk.
    const [connack] = await client.exchange(
      Buffer.concat([HELLO.subarray(5), publish({ topic: 't' })]),
    );
    expect(connack).to.deep.include({ type: 'connack', code: 0 });
    expect(client.closed).to.equal(false);
    expect(world.stats.messagesReceived).to.equal(1);
  });

  it('refuses a CONNECT that is announced larger than a packet may be, before it has come', async () => {
    const world = new World({ limits: { maxPacketSize: 1024 } });
    const client = world.open();
    await client.exchange(hex('10 ff 7f'));
    expect(client.closed).to.equal(true);
    expect(world.stats.protocolErrors).to.equal(1);
  });
});
