import { DISCONNECT, connect, field, frame, hex, publish } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

const CLEAN = 0x02;
const PASSWORD = 0x40;
const USER_NAME = 0x80;

/** CONNECT of MQTT 3.1 with the given flags and the payload fields that follow the client id. */
function connect31(flags: number, ...fields: readonly string[]): Buffer {
  const head = [field('MQIsdp'), Buffer.from([3, flags, 0, 60])];
  return frame(0x10, ...head, ...fields.map((text) => field(text)));
}

describe('wire: 16 CONNECT of MQTT 3.1', () => {
  const wire = useWire();

  it('is answered with CONNACK, byte for byte (3.1 §3.1, §3.2)', async () => {
    const client = await wire.open();
    client.send('10 13 00 06 4d 51 49 73 64 70 03 02 00 3c 00 05 74 68 72 65 65');
    await client.expect('20 02 00 00');
    client.send('c0 00');
    await client.expect('d0 00');
  });

  for (const [protocolName, level] of [
    ['MQIsdp', 4],
    ['MQIsdp', 2],
    ['MQTT', 3],
    ['MQTT', 0],
    ['MQTT', 6],
  ] as const) {
    it(`name ${protocolName} with level ${level}: CONNACK 1 [MQTT-3.1.2-2]`, async function () {
      // It takes 3 for MQTT, too.
      if (isMosquitto) this.skip();
      const client = await wire.open();
      client.send(connect({ clientId: 'mixed', protocolName, level }));
      await client.expect('20 02 00 01');
      await client.expectClose();
    });
  }

  for (const [what, flags] of [
    ['user name', USER_NAME],
    ['user name and password', USER_NAME | PASSWORD],
  ] as const) {
    it(`may lack the ${what} that its flags announce (3.1 §3.1)`, async () => {
      const client = await wire.open();
      client.send(connect31(CLEAN | flags, wire.name('lacking')));
      await client.expect('20 02 00 00');
    });
  }

  it('takes a will', async () => {
    const topic = wire.name('will31');
    const watcher = await wire.subscribed(topic, 1);
    const client = await wire.open();
    client.send(connect31(CLEAN | 0x0c, wire.name('will31'), topic, 'gone'));
    await client.expect('20 02 00 00');
    await client.drop();
    await watcher.expect(publish({ topic, payload: 'gone', qos: 1, id: 1 }));
  });

  it('takes client identifiers of more than 23 characters, which 3.1 need not have', async () => {
    const client = await wire.open();
    client.send(connect31(CLEAN, `${wire.name('long')}${'x'.repeat(100)}`));
    await client.expect('20 02 00 00');
    client.send(DISCONNECT);
    await client.expectClose();
  });

  for (const [what, bytes] of [
    ['a user name that is cut off', connect31(CLEAN | USER_NAME, 'c', 'user').subarray(0, -2)],
    ['a user name without its flag', connect31(CLEAN, 'c', 'user')],
    ['a password without a user name', connect31(CLEAN | PASSWORD, 'c', 'password')],
    ['no client identifier', frame(0x10, field('MQIsdp'), hex('03 02 00 3c'))],
  ] as const) {
    it(`closes on ${what} without a CONNACK`, async function () {
      // It ignores surplus bytes.
      if (isMosquitto) this.skip();
      const client = await wire.open();
      const broken = Buffer.from(bytes);
      broken[1] = broken.length - 2;
      client.send(broken);
      await client.expectClose();
    });
  }
});

describe('wire: 16 CONNECT of MQTT 3.1 where clients sign in', () => {
  const wire = useWire({ login: { username: 'lmqtt', secretKey: 'secret' } });

  it('is refused without the user name that its flag announces', async () => {
    const client = await wire.open();
    client.send(connect31(CLEAN | USER_NAME, wire.name('lacking')));
    await client.expect(isMosquitto ? '20 02 00 05' : '20 02 00 04');
    await client.expectClose();
  });
});
