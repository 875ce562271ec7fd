import { expect } from 'chai';
import { hmacPassword } from '../helpers/hmac-password.ts';
import { connect5, publish5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

const LOGIN = { username: 'lmqtt', secretKey: 'secret' };
const BAD_USER_NAME_OR_PASSWORD = 0x86;

function credentials(clientId: string): { username: string; password: string } {
  return { username: LOGIN.username, password: hmacPassword(LOGIN.secretKey, clientId) };
}

describe('wire5: 01 CONNECT with user name and password', () => {
  // mosquitto knows one client id only.
  if (isMosquitto) return;
  const wire = useWire5({ login: LOGIN });

  it('and a will: every field is found at its place [MQTT-3.1.3-1] [MQTT-3.1.2-17] [MQTT-3.1.2-19]', async () => {
    const topic = wire.name('will');
    const watching = wire.name('watcher');
    const watcher = await wire.subscribed(topic, 1, {
      clientId: watching,
      ...credentials(watching),
    });
    const clientId = wire.name('mortal');
    const properties = [['contentType', 'text/plain']] as const;
    const will = { topic, payload: 'gone', qos: 1, properties } as const;
    const client = await wire.connected({ clientId, will, ...credentials(clientId) });
    await client.raw.drop();
    await watcher.publish({ topic, payload: 'gone', qos: 1, properties });
  });

  it('that are wrong is refused and closed [MQTT-3.1.4-2]', async () => {
    const clientId = wire.name('stranger');
    for (const fields of [
      {},
      { username: LOGIN.username },
      { username: LOGIN.username, password: 'guess' },
      { username: 'other', password: credentials(clientId).password },
    ]) {
      const packet = connect5({ clientId, ...fields });
      const client = await wire.answered(BAD_USER_NAME_OR_PASSWORD, packet);
      await client.raw.expectClose();
    }
  });

  it('that are wrong: what stands behind it is not processed [MQTT-3.1.4-6]', async () => {
    const topic = wire.name('smuggled');
    const watching = wire.name('watcher');
    const watcher = await wire.subscribed(topic, 1, {
      clientId: watching,
      ...credentials(watching),
    });
    const raw = await wire.v4.open();
    raw.send(
      connect5({ clientId: wire.name('stranger') }),
      publish5({ topic, payload: 'zero' }),
      publish5({ topic, payload: 'one', qos: 1, id: 1 }),
    );
    expect((await raw.readFrame()).first).to.equal(0x20);
    await raw.expectClose();
    await watcher.ping();
    await watcher.raw.expectNothing(50);
  });

  it('that are wrong: CONNACK has no more properties than fit [MQTT-3.2.2-19] [MQTT-3.2.2-20]', async () => {
    for (const maximum of [5, 20, 1000]) {
      const raw = await wire.v4.open();
      const properties = [['maximumPacketSize', maximum]] as const;
      raw.send(connect5({ clientId: wire.name('stranger'), properties }));
      const { first, body } = await raw.readFrame();
      expect([first, body[0], body[1]]).to.deep.equal([0x20, 0, BAD_USER_NAME_OR_PASSWORD]);
      expect(body.length + 2).to.be.at.most(maximum);
      await raw.expectClose();
    }
  });
});
