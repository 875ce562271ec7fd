import { connect, field, frame, hex } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

/** CONNECT with the given flags and the payload fields that follow the client id. */
function withFlags(flags: number, ...fields: readonly (string | Buffer)[]): Buffer {
  const head = Buffer.concat([field('MQTT'), Buffer.from([4, flags, 0, 60])]);
  return frame(0x10, head, field('flags'), ...fields.map((value) => field(value)));
}

describe('wire: 01 CONNECT flags', () => {
  const wire = useWire();

  const broken: readonly (readonly [string, Buffer])[] = [
    ['the reserved flag [MQTT-3.1.2-3]', withFlags(0x03)],
    ['will QoS 3 [MQTT-3.1.2-14]', withFlags(0x1e, 'topic', 'payload')],
    ['will QoS without a will [MQTT-3.1.2-11] [MQTT-3.1.2-13]', withFlags(0x0a)],
    ['will retain without a will [MQTT-3.1.2-11] [MQTT-3.1.2-15]', withFlags(0x22)],
    ['will fields without a will flag [MQTT-3.1.2-11]', withFlags(0x02, 'topic', 'payload')],
    ['a password without a user name [MQTT-3.1.2-22]', withFlags(0x42, 'password')],
    ['a will flag without will fields [MQTT-3.1.2-9]', withFlags(0x06)],
    ['a user name without its flag [MQTT-3.1.2-18]', withFlags(0x02, 'user')],
    ['a password without its flag [MQTT-3.1.2-20]', withFlags(0x82, 'user', 'password')],
    ['a user name flag without the user name [MQTT-3.1.2-19]', withFlags(0x82)],
    ['a password flag without the password [MQTT-3.1.2-21]', withFlags(0xc2, 'user')],
    ['a will without its payload [MQTT-3.1.2-9]', withFlags(0x06, 'topic')],
    ['bytes behind the payload', withFlags(0x02, 'surplus')],
    [
      'an ill-formed client id [MQTT-3.1.3-4]',
      frame(0x10, field('MQTT'), hex('04 02 00 3c 00 02 c3 28')),
    ],
    [
      'an ill-formed will topic [MQTT-3.1.3-10]',
      withFlags(0x06, Buffer.from('c328', 'hex'), 'payload'),
    ],
    ['a will topic with U+0000 [MQTT-3.1.3-10]', withFlags(0x06, 'a\u0000', 'payload')],
    ['an ill-formed user name [MQTT-3.1.3-11]', withFlags(0x82, Buffer.from('c328', 'hex'))],
    ['a user name with U+0000 [MQTT-3.1.3-11]', withFlags(0x82, 'a\u0000')],
    ['a client id with U+0000 [MQTT-1.5.3-2]', connect({ clientId: 'a\u0000b' })],
    ['no client id at all [MQTT-3.1.3-3]', frame(0x10, field('MQTT'), hex('04 02 00 3c'))],
    [
      'header flags [MQTT-2.2.2-2]',
      Buffer.concat([hex('11'), connect({ clientId: 'x' }).subarray(1)]),
    ],
  ];
  for (const [what, bytes] of broken) {
    it(`closes on ${what} without a CONNACK [MQTT-3.1.4-1]`, async () => {
      const client = await wire.open();
      client.send(bytes);
      await client.expectClose();
    });
  }
});
