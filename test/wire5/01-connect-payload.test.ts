import { field, frame, hex, uint16 } from '../helpers/packets.ts';
import { connect5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

const USER_NAME = 0x80;
const PASSWORD = 0x40;
const WILL = 0x04;
const CLEAN = 0x02;

/** CONNECT with these flags and, behind its client id, exactly these fields. */
function packet(flags: number, ...rest: readonly Buffer[]): Buffer {
  const head = [field('MQTT'), Buffer.from([5, CLEAN | flags]), uint16(60), hex('00')];
  return frame(0x10, ...head, field('payload'), ...rest);
}

const NO_PROPERTIES = hex('00');
const NOT_UTF8 = field(hex('c3 28'));

const CASES: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['a user name without its flag [MQTT-3.1.2-16]', packet(0, field('user'))],
  ['no user name in spite of its flag [MQTT-3.1.2-17]', packet(USER_NAME)],
  [
    'a password without its flag [MQTT-3.1.2-18]',
    packet(USER_NAME, field('user'), field('secret')),
  ],
  ['no password in spite of its flag [MQTT-3.1.2-19]', packet(USER_NAME | PASSWORD, field('user'))],
  ['no will in spite of its flag [MQTT-3.1.2-9]', packet(WILL)],
  ['a will without payload [MQTT-3.1.2-9]', packet(WILL, NO_PROPERTIES, field('topic'))],
  ['a will without properties [MQTT-3.1.2-9]', packet(WILL, field('topic'), field('gone'))],
  [
    'a will topic that is not UTF-8 [MQTT-3.1.3-11]',
    packet(WILL, NO_PROPERTIES, NOT_UTF8, field('gone')),
  ],
  ['a user name that is not UTF-8 [MQTT-3.1.3-12]', packet(USER_NAME, NOT_UTF8)],
];

describe('wire5: 01 payload of a CONNECT', () => {
  const wire = useWire5();

  for (const [what, bytes] of CASES) {
    it(`is answered with CONNACK 0x81 and the close: ${what}`, async function () {
      // mosquitto closes without a CONNACK.
      if (isMosquitto) this.skip();
      const client = await wire.answered(0x81, bytes);
      await client.raw.expectClose();
    });
  }

  it('with a client id that is too long is answered with CONNACK 0x85 and the close [MQTT-3.1.3-8]', async function () {
    if (isMosquitto) this.skip();
    const client = await wire.answered(0x85, connect5({ clientId: 'x'.repeat(1025) }));
    await client.raw.expectClose();
  });

  it('with another protocol name is not taken for MQTT: the connection closes [MQTT-3.1.2-1]', async () => {
    for (const name of ['MQTX', 'mqtt', 'MQTT5', '']) {
      const raw = await wire.v4.open();
      raw.send(frame(0x10, field(name), hex('05 02 00 3c 00'), field('name')));
      await raw.expectClose();
    }
  });
});
