import { hmacPassword } from '../helpers/hmac-password.ts';
import { field, frame, hex, publish } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

const LOGIN = { username: 'lmqtt', secretKey: 'secret' };
/** User name, password, a will at QoS 0 that is not retained, clean session. */
const ALL_FLAGS = '04 c6 00 3c';

describe('wire: 01 CONNECT with all fields', () => {
  const wire = useWire({ login: LOGIN });

  function connectWith(...fields: readonly string[]): Buffer {
    return frame(0x10, field('MQTT'), hex(ALL_FLAGS), ...fields.map((text) => field(text)));
  }

  it('takes client id, will topic, will message, user name and password in this order [MQTT-3.1.3-1]', async () => {
    const topic = wire.name('will');
    const watcherId = wire.name('watcher');
    const watcher = await wire.subscribed(topic, 0, {
      clientId: watcherId,
      username: LOGIN.username,
      password: hmacPassword(LOGIN.secretKey, watcherId),
    });
    const clientId = wire.name('ordered');
    const password = hmacPassword(LOGIN.secretKey, clientId);
    const client = await wire.open();
    client.send(connectWith(clientId, topic, 'the will', LOGIN.username, password));
    await client.expect('20 02 00 00');
    await client.drop();
    await watcher.expect(publish({ topic, payload: 'the will' }));
  });

  it('does not look for them in another order [MQTT-3.1.3-1]', async () => {
    const clientId = wire.name('ordered');
    const password = hmacPassword(LOGIN.secretKey, clientId);
    const client = await wire.open();
    client.send(connectWith(clientId, LOGIN.username, password, wire.name('will'), 'the will'));
    const { code } = (await client.readPacket()) as { readonly code?: number };
    if (code !== 4 && code !== 5) throw new Error(`CONNACK ${String(code)}`);
    await client.expectClose();
  });
});
