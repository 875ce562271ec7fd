import { expect } from 'chai';
import { auth5, connect5 } from '../helpers/packets5.ts';
import { eventually } from '../helpers/eventually.ts';
import { valueOf } from '../helpers/properties5.ts';
import { ScramClient } from '../helpers/scram-client.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { Client5 } from './client5.ts';
import {
  authData,
  authFields,
  challenged,
  CONTINUE,
  readAuth,
  signedIn,
  useScramWire,
  usersFile,
} from './scram5.ts';

describe('wire5: 01 AUTH, sign-in by SCRAM-SHA-256', () => {
  // mosquitto knows no method without a plugin.
  if (isMosquitto) return;
  const wire = useScramWire();

  it('asks with AUTH 0x18 and accepts who proves the password; so does the server [MQTT-4.12.0-2] [MQTT-4.12.0-5]', async () => {
    const client = await challenged(wire, 'user', 'pencil');
    client.raw.send(client.answer());
    const accepted = await client.connack(0);
    expect(client.scram.isServer(authData(accepted.connack.properties))).to.equal(true);
    await accepted.ping();
  });

  it('asks a client that sends no data with CONNECT for it', async () => {
    const scram = new ScramClient('user', 'pencil');
    const raw = await wire.v4.open();
    raw.send(connect5({ clientId: wire.name('scram'), properties: authFields() }));
    await readAuth(raw, CONTINUE);
    raw.send(auth5(CONTINUE, authFields(scram.first())));
    const { properties } = await readAuth(raw, CONTINUE);
    raw.send(auth5(CONTINUE, authFields(scram.final(authData(properties)))));
    expect((await Client5.accept(raw)).connack.code).to.equal(0);
  });

  it('does not need the user name and the password of CONNECT, nor look at them', async () => {
    const scram = new ScramClient('user', 'pencil');
    const raw = await wire.v4.open();
    const login = { username: 'nobody', password: 'x' };
    const properties = authFields(scram.first());
    raw.send(connect5({ clientId: wire.name('scram'), ...login, properties }));
    const auth = await readAuth(raw, CONTINUE);
    raw.send(auth5(CONTINUE, authFields(scram.final(authData(auth.properties)))));
    expect((await Client5.accept(raw)).connack.code).to.equal(0);
  });

  for (const [what, username, password] of [
    ['a wrong password', 'user', 'Pencil'],
    ['a user that does not exist', 'nobody', 'pencil'],
  ] as const) {
    it(`answers ${what} with the same challenge, then CONNACK 0x87 and the close [MQTT-4.12.0-4]`, async () => {
      const client = await challenged(wire, username, password);
      expect(client.challenge.toString()).to.match(/^r=\S{50,},s=[A-Za-z0-9+/]{22}==,i=4096$/);
      client.raw.send(client.answer());
      const refused = await client.connack(0x87);
      expect(valueOf(refused.connack.properties, 'authData')).to.equal(undefined);
      await client.raw.expectClose();
    });
  }

  it('gives a user that does not exist the same salt each time', async () => {
    const saltOf = async (username: string): Promise<string> => {
      const { challenge } = await challenged(wire, username, 'x');
      return challenge.toString().split(',')[1] ?? '';
    };
    expect(await saltOf('ghost')).to.equal(await saltOf('ghost'));
    expect(await saltOf('ghost')).to.not.equal(await saltOf('spook'));
  });

  it('answers what is no message of SCRAM with CONNACK 0x87 [MQTT-4.12.0-4]', async () => {
    for (const data of [Buffer.alloc(0), Buffer.from('n,,r=x'), Buffer.from([0xff, 0])]) {
      const raw = await wire.v4.open();
      raw.send(connect5({ clientId: wire.name('scram'), properties: authFields(data) }));
      expect((await Client5.accept(raw)).connack.code).to.equal(0x87);
      await raw.expectClose();
    }
  });

  it('answers another method with CONNACK 0x8C and the close [MQTT-4.12.0-1]', async () => {
    for (const method of ['SCRAM-SHA-256-PLUS', 'scram-sha-256', '']) {
      const properties = authFields(Buffer.from('n,,n=user,r=x'), method);
      const packet = connect5({ clientId: wire.name('scram'), properties });
      const client = await wire.answered(0x8c, packet);
      await client.raw.expectClose();
    }
  });

  it('sends neither AUTH nor a method to a client that has named none [MQTT-4.12.0-6]', async () => {
    const client = await wire.connected();
    expect(valueOf(client.connack.properties, 'authMethod')).to.equal(undefined);
    await client.ping();
  });

  it('does not concern clients of 3.1.1', async () => {
    const client = await wire.v4.connected();
    client.send('c0 00');
    await client.expect('d0 00');
  });

  it('lets a user in who is added while the server runs', async () => {
    usersFile.add('late');
    const tryLate = async (): Promise<boolean> => {
      const client = await challenged(wire, 'late', 'pencil');
      client.raw.send(client.answer());
      return (await Client5.accept(client.raw)).connack.code === 0;
    };
    await eventually('the new user', tryLate, 10_000);
    await signedIn(wire);
  });
});
