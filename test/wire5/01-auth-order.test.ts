import { PINGREQ } from '../helpers/packets.ts';
import { auth5, connect5, disconnect5, publish5, subscribe5 } from '../helpers/packets5.ts';
import { ScramClient } from '../helpers/scram-client.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import {
  authFields,
  challenged,
  CONTINUE,
  RE_AUTHENTICATE,
  readAuth,
  useScramWire,
  authData,
} from './scram5.ts';
import { Client5 } from './client5.ts';

const DATA = Buffer.from('c=biws,r=x,p=eA==');

describe('wire5: 01 AUTH that is wrong, cut off or out of order', () => {
  if (isMosquitto) return;
  const wire = useScramWire();

  for (const [what, packet, code] of [
    ['PUBLISH', publish5({ topic: 'a', qos: 1 }), 0x82],
    ['SUBSCRIBE', subscribe5(1, [['a', 0]]), 0x82],
    ['PINGREQ', PINGREQ, 0x82],
    ['CONNECT', connect5({ clientId: 'x', properties: authFields() }), 0x82],
    ['AUTH with another method [MQTT-4.12.0-5]', auth5(CONTINUE, authFields(DATA, 'X')), 0x82],
    ['AUTH without a method', auth5(CONTINUE, []), 0x82],
    ['AUTH 0x19 [MQTT-4.12.0-3]', auth5(RE_AUTHENTICATE, authFields(DATA)), 0x82],
    ['AUTH 0x00 [MQTT-3.15.2-1]', auth5(0x00, authFields(DATA)), 0x82],
    ['AUTH with flags [MQTT-3.15.1-1]', Buffer.from('f10118', 'hex'), 0x81],
    ['AUTH that ends within a property', Buffer.from('f0051803150005', 'hex'), 0x81],
    ['AUTH with too much data', auth5(CONTINUE, authFields(Buffer.alloc(20_000, 'x'))), 0x95],
  ] as const) {
    it(`answers ${what} before CONNACK with CONNACK 0x${code.toString(16)} and the close [MQTT-3.1.2-30]`, async () => {
      const client = await challenged(wire, 'user', 'pencil');
      client.raw.send(packet);
      await client.connack(code);
      await client.raw.expectClose();
    });
  }

  it('closes without an answer when the client disconnects instead', async () => {
    const client = await challenged(wire, 'user', 'pencil');
    client.raw.send(disconnect5());
    await client.raw.expectClose();
  });

  it('takes the exchange byte by byte', async () => {
    const scram = new ScramClient('user', 'pencil');
    const raw = await wire.v4.open();
    const properties = authFields(scram.first());
    await raw.sendByteByByte(connect5({ clientId: wire.name('scram'), properties }));
    const auth = await readAuth(raw, CONTINUE);
    await raw.sendByteByByte(auth5(CONTINUE, authFields(scram.final(authData(auth.properties)))));
    const client = await Client5.accept(raw);
    await client.ping();
  });

  it('survives a client that goes within its AUTH, and lets it come again', async () => {
    const client = await challenged(wire, 'user', 'pencil');
    client.raw.send(client.answer().subarray(0, 20));
    await client.raw.drop();
    const again = await challenged(wire, 'user', 'pencil');
    again.raw.send(again.answer());
    const accepted = await again.connack(0);
    await accepted.ping();
  });
});

describe('wire5: 01 AUTH that does not come', () => {
  if (isMosquitto) return;
  const wire = useScramWire(1000);

  it('is waited for no longer than for CONNECT', async () => {
    const client = await challenged(wire, 'user', 'pencil');
    await client.raw.expectClose(8000);
  });
});
