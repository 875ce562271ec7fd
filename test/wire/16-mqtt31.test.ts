import {
  connack,
  connect,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  suback,
  subscribe,
  unsuback,
  unsubscribe,
} from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

const MQTT_31 = { protocolName: 'MQIsdp', level: 3 };
const DUP = 0x08;

/** The packet as it is sent again. */
function again(packet: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(packet[0] as number) | DUP]), packet.subarray(1)]);
}

describe('wire: 16 MQTT 3.1', () => {
  const wire = useWire();

  it('takes SUBSCRIBE, UNSUBSCRIBE and PUBREL with DUP, as 3.1 has it (3.1 §2.1)', async function () {
    // It refuses the first two.
    if (isMosquitto) this.skip();
    const topic = wire.name('dup31');
    const client = await wire.connected(MQTT_31);
    client.send(again(subscribe(1, [topic, 1])));
    await client.expect(suback(1, 1));
    client.send(again(unsubscribe(2, topic)));
    await client.expect(unsuback(2));
    client.send(publish({ topic, payload: 'x', qos: 2, id: 3 }));
    await client.expect(pubrec(3));
    client.send(pubrel(3));
    await client.expect(pubcomp(3));
    client.send(again(pubrel(3)));
    await client.expect(pubcomp(3));
  });

  for (const [name, packet] of [
    ['SUBSCRIBE', subscribe(1, ['a', 0])],
    ['UNSUBSCRIBE', unsubscribe(1, 'a')],
    ['PUBREL', pubrel(1)],
  ] as const) {
    it(`closes on ${name} with DUP from a 3.1.1 client [MQTT-2.2.2-2]`, async () => {
      const client = await wire.connected();
      client.send(again(packet));
      await client.expectClose();
    });
  }

  it('answers an empty client identifier with 2, with clean session too (3.1 §3.1)', async () => {
    const client = await wire.open();
    client.send(connect({ clientId: '', ...MQTT_31 }));
    await client.expect(connack(2));
    await client.expectClose();
  });

  it('never says session present, which 3.1 does not know', async () => {
    const session = { clientId: wire.name('session31'), clean: false, ...MQTT_31 };
    const first = await wire.connected(session);
    await first.drop();
    await wire.connected(session, false);
  });
});
