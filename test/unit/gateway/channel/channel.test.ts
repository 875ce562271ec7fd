import { expect } from 'chai';
import {
  connect,
  DISCONNECT,
  hex,
  PINGREQ,
  puback,
  publish,
  pubrel,
  subscribe,
  unsubscribe,
} from '../../../helpers/packets.ts';
import { World } from '../gateway-world.ts';

const HELLO = connect({ clientId: 'c', keepAlive: 0 });

describe('gateway: Channel, order of packets', () => {
  it('closes when the first packet is not CONNECT [MQTT-3.1.0-1]', async () => {
    for (const first of [PINGREQ, publish({ topic: 't' }), subscribe(1, ['t', 0]), DISCONNECT]) {
      const world = new World();
      const client = world.open();
      expect(await client.exchange(first, HELLO)).to.deep.equal([]);
      expect(client.closed).to.equal(true);
      expect(world.stats.protocolErrors).to.equal(1);
    }
  });

  it('closes on a second CONNECT [MQTT-3.1.0-2]', async () => {
    const world = new World();
    const client = await world.connected();
    expect(await client.exchange(HELLO)).to.deep.equal([]);
    expect(client.closed).to.equal(true);
  });

  it('closes on packets that only a server sends, and on reserved types', async () => {
    for (const bytes of [
      '20 02 00 00',
      '90 03 00 01 00',
      'b0 02 00 01',
      'd0 00',
      '00 00',
      'f0 00',
    ]) {
      const client = await new World().connected();
      expect(await client.exchange(hex(bytes), PINGREQ), bytes).to.deep.equal([]);
      expect(client.closed, bytes).to.equal(true);
    }
  });

  it('closes on wrong flags, lengths and identifiers of the acknowledgements [MQTT-2.2.2-2] [MQTT-2.3.1-1]', async () => {
    for (const bytes of [
      '41 02 00 01',
      '60 02 00 01',
      '40 03 00 01 00',
      '50 01 00',
      '70 02 00 00',
    ]) {
      const client = await new World().connected();
      expect(await client.exchange(hex(bytes), PINGREQ), bytes).to.deep.equal([]);
      expect(client.closed, bytes).to.equal(true);
    }
  });

  it('closes on PINGREQ and DISCONNECT with flags or a body [MQTT-3.14.1-1]', async () => {
    for (const bytes of ['c1 00', 'c0 01 00', 'e1 00', 'e0 01 00']) {
      const world = new World();
      const client = await world.connected();
      await client.exchange(hex(bytes));
      expect(client.closed, bytes).to.equal(true);
      expect(world.stats.protocolErrors, bytes).to.equal(1);
    }
  });

  it('handles what stands behind a SUBSCRIBE after it', async () => {
    const client = await new World().connected();
    const packets = await client.exchange(
      subscribe(1, ['t', 0]),
      publish({ topic: 't', payload: 'self' }),
      unsubscribe(2, 't'),
      PINGREQ,
    );
    expect(packets.map(({ type }) => type)).to.deep.equal([
      'suback',
      'publish',
      'unsuback',
      'pingresp',
    ]);
  });

  it('ignores what stands behind a DISCONNECT [MQTT-3.14.4-2]', async () => {
    const world = new World();
    const other = await world.subscribed({ clientId: 'other' }, ['t', 0]);
    const client = await world.connected();
    await client.exchange(publish({ topic: 't' }), DISCONNECT, publish({ topic: 't' }));
    expect(await other.publishes()).to.have.length(1);
    expect(world.stats.protocolErrors).to.equal(0);
  });

  it('answers nothing for acknowledgements that belong to nothing, and stays', async () => {
    const client = await new World().connected();
    expect(await client.exchange(puback(7), hex('70 02 00 07'))).to.deep.equal([]);
    expect(await client.exchange(hex('50 02 00 07'))).to.deep.equal([{ type: 'pubrel', id: 7 }]);
    expect(await client.exchange(pubrel(7))).to.deep.equal([{ type: 'pubcomp', id: 7 }]);
  });

  it('closes when a packet is larger than allowed, before it has come', async () => {
    const world = new World({ limits: { maxPacketSize: 100 } });
    const client = await world.connected();
    await client.exchange(hex('30 63'));
    expect(client.closed).to.equal(true);
  });
});
