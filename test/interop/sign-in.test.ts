import { expect } from 'chai';
import { hmacPassword } from '../helpers/hmac-password.ts';
import { useInterop } from './interop.ts';

const LOGIN = { username: 'lmqtt', secretKey: 'secret' };
const PASSWORD = 'ychbgzJDyDG1SFFXHoRv0Mezkcs=';

async function failureOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('it was let in');
}

describe('interop: sign-in with a signature', () => {
  const interop = useInterop({ login: LOGIN });

  it('lets MQTT.js in with Base64(HMAC-SHA1(secretKey, clientId))', async () => {
    const password = hmacPassword(LOGIN.secretKey, 'recv01');
    expect(password).to.equal(PASSWORD);
    const client = await interop.mqttJs({ clientId: 'recv01', username: LOGIN.username, password });
    await client.client.subscribeAsync('signed/#', { qos: 1 });
    await client.client.publishAsync('signed/in', 'x', { qos: 1 });
    expect(await client.received(1)).to.have.lengthOf(1);
  });

  it('lets mosquitto_pub in', async () => {
    const login = ['-i', 'recv01', '-u', LOGIN.username, '-P', PASSWORD];
    await interop.pub(['-t', 'signed/in', '-m', 'x', '-q', '1', ...login]);
  });

  it('refuses MQTT.js with another password', async () => {
    const options = { clientId: 'recv01', username: LOGIN.username, password: 'guess' };
    const failure = await failureOf(interop.mqttJs(options));
    expect(failure).to.match(/Connection refused: (Bad username or password|Not authorized)/);
  });

  it('refuses mosquitto_pub without a password', async () => {
    const failure = await failureOf(
      interop.pub(['-t', 'signed/in', '-m', 'x', '-q', '1', '-i', 'recv01']),
    );
    expect(failure).to.match(
      /mosquitto_pub ended with [45].*(not authorised|bad user name or password)/i,
    );
  });
});
