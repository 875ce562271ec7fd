import { expect } from 'chai';
import { auth5, publish5, subscribe5 } from '../helpers/packets5.ts';
import { ScramClient } from '../helpers/scram-client.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import type { Client5 } from './client5.ts';
import {
  authData,
  authFields,
  CONTINUE,
  RE_AUTHENTICATE,
  readAuth,
  signedIn,
  useScramWire,
} from './scram5.ts';

/** Begins again on an open connection; returns the answer that is due. */
async function beginAgain(client: Client5, scram: ScramClient): Promise<Buffer> {
  client.send(auth5(RE_AUTHENTICATE, authFields(scram.first())));
  const { properties } = await readAuth(client.raw, CONTINUE);
  return auth5(CONTINUE, authFields(scram.final(authData(properties))));
}

describe('wire5: 01 AUTH, re-authentication', () => {
  if (isMosquitto) return;
  const wire = useScramWire();

  it('ends with AUTH 0x00 and the proof of the server; the connection goes on [MQTT-4.12.1-1] [MQTT-4.12.0-5]', async () => {
    const client = await signedIn(wire);
    for (let i = 0; i < 2; i++) {
      const scram = new ScramClient('user', 'pencil');
      client.send(await beginAgain(client, scram));
      const { properties } = await readAuth(client.raw, 0x00);
      expect(scram.isServer(authData(properties))).to.equal(true);
      await client.ping();
    }
  });

  it('lets messages flow both ways meanwhile (§4.12.1)', async () => {
    const topic = wire.name('again');
    const client = await signedIn(wire);
    client.send(subscribe5(1, [[topic, 1]]));
    await client.suback(1, 1);
    const answer = await beginAgain(client, new ScramClient('user', 'pencil'));
    await wire.published({ topic, payload: 'to it' });
    await client.publish({ topic, payload: 'to it' });
    client.send(publish5({ topic, payload: 'from it' }));
    await client.publish({ topic, payload: 'from it' });
    client.send(answer);
    await readAuth(client.raw, 0x00);
  });

  it('that fails is answered with DISCONNECT 0x87 and the close [MQTT-4.12.1-2]', async () => {
    const client = await signedIn(wire);
    client.send(await beginAgain(client, new ScramClient('user', 'wrong')));
    await client.disconnected(0x87);
  });

  it('with another method is a protocol error [MQTT-4.12.1-1]', async () => {
    const client = await signedIn(wire);
    client.send(auth5(RE_AUTHENTICATE, authFields(undefined, 'SCRAM-SHA-512')));
    await client.disconnected(0x82);
  });

  it('begun by AUTH 0x18 is a protocol error', async () => {
    const client = await signedIn(wire);
    client.send(auth5(CONTINUE, authFields(Buffer.from('x'))));
    await client.disconnected(0x82);
  });

  it('is not for a client whose CONNECT had no method [MQTT-4.12.0-7]', async () => {
    const client = await wire.connected();
    client.send(auth5(RE_AUTHENTICATE, authFields(Buffer.from('n,,n=user,r=x'))));
    await client.disconnected(0x82);
  });
});
