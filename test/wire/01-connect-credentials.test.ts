import { connect, PINGREQ, PINGRESP, publish } from '../helpers/packets.ts';
import { hmacPassword } from '../helpers/hmac-password.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

const LOGIN = { username: 'lmqtt', secretKey: 'secret' };
const PASSWORD_OF_RECV01 = 'ychbgzJDyDG1SFFXHoRv0Mezkcs=';
// mosquitto says 5 (not authorized) for a wrong password; MQTT 3.1.1 has 4 for that.
const BAD_CREDENTIALS = isMosquitto ? '20 02 00 05' : '20 02 00 04';

describe('wire: 01 CONNECT with user name and password', () => {
  const wire = useWire({ login: LOGIN });

  it('accepts Base64(HMAC-SHA1(secretKey, clientId)) as the password', async () => {
    const client = await wire.connected({
      clientId: 'recv01',
      username: LOGIN.username,
      password: PASSWORD_OF_RECV01,
    });
    client.send(PINGREQ);
    await client.expect(PINGRESP);
  });

  const refused = [
    {
      what: 'a wrong password',
      username: LOGIN.username,
      password: 'ychbgzJDyDG1SFFXHoRv0Mezkct=',
    },
    { what: 'the secret key itself', username: LOGIN.username, password: LOGIN.secretKey },
    { what: 'an empty password', username: LOGIN.username, password: '' },
    {
      what: 'a password that is not UTF-8',
      username: LOGIN.username,
      password: Buffer.from([0xff, 0xc0, 0]),
    },
    { what: 'a wrong user name', username: 'somebody', password: PASSWORD_OF_RECV01 },
    { what: 'an empty user name', username: '', password: PASSWORD_OF_RECV01 },
    { what: 'no password', username: LOGIN.username, password: undefined },
    { what: 'no user name and no password', username: undefined, password: undefined },
  ];
  for (const { what, username, password } of refused) {
    it(`answers CONNACK 4 to ${what} and closes [MQTT-3.2.2-4] [MQTT-3.2.2-5]`, async () => {
      const client = await wire.open();
      client.send(connect({ clientId: 'recv01', username, password }));
      await client.expect(BAD_CREDENTIALS);
      await client.expectClose();
    });
  }

  it('refuses the password of another client id', async () => {
    const client = await wire.open();
    const password = hmacPassword(LOGIN.secretKey, 'recv02');
    client.send(connect({ clientId: 'recv01', username: LOGIN.username, password }));
    await client.expect(BAD_CREDENTIALS);
    await client.expectClose();
  });

  it('processes nothing that a refused client sent behind its CONNECT [MQTT-3.1.4-5]', async () => {
    const login = { username: LOGIN.username, password: PASSWORD_OF_RECV01 };
    const topic = wire.name('refused');
    const watcher = await wire.subscribed(topic, 0, { clientId: 'recv01', ...login });
    const intruder = await wire.open();
    intruder.send(connect({ clientId: 'intruder' }), publish({ topic, payload: 'smuggled' }));
    await intruder.expect(BAD_CREDENTIALS);
    await intruder.expectClose();
    await watcher.expectNothing();
  });

  it('leaves the session of a client id alone that a stranger tries to take over', async () => {
    const owner = await wire.connected({
      clientId: 'recv01',
      username: LOGIN.username,
      password: PASSWORD_OF_RECV01,
    });
    const stranger = await wire.open();
    stranger.send(connect({ clientId: 'recv01', username: LOGIN.username, password: 'guess' }));
    await stranger.expect(BAD_CREDENTIALS);
    await stranger.expectClose();
    owner.send(PINGREQ);
    await owner.expect(PINGRESP);
  });
});
