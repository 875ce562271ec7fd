import { expect } from 'chai';
import { hmacPassword } from '../helpers/hmac-password.ts';
import { connack, connect, PINGREQ, PINGRESP, puback, publish } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useListeners } from './limited-listeners.ts';

const SERVER_UNAVAILABLE = 3;
const SIGN_IN = { username: 'user', secretKey: 'secret' };

describe('wire: 12 limits: each listener has its own', () => {
  // Sections are a feature of this gateway.
  if (isMosquitto) return;
  const listeners = useListeners(
    {
      few: ['maxConn = 2', 'authentication = anonymous'],
      'per-ip': ['maxConnPerIp = 2', 'authentication = anonymous'],
      rate: ['maxConnRate = 2', 'authentication = anonymous'],
      small: ['maxPacketSizeInByte = 1024', 'authentication = anonymous'],
      slow: ['maxPublishRate = 5', 'authentication = anonymous'],
      strict: [
        'maxPublishRate = 5',
        'publishRateExceeded = disconnect',
        'authentication = anonymous',
      ],
      signed: ['authentication = hmac', 'connectTimeoutMs = 500'],
    },
    {
      LMQTT_SERVICE_USERNAME: SIGN_IN.username,
      LMQTT_SERVICE_SECRET_KEY: SIGN_IN.secretKey,
    },
  );

  for (const listener of ['few', 'per-ip']) {
    it(`refuses the third connection with CONNACK 3 (MQTT 3.1.1 §3.2.2.3): ${listener}`, async () => {
      const first = await listeners.connected(listener);
      await listeners.connected(listener);
      const third = await listeners.connected(listener, {}, SERVER_UNAVAILABLE);
      await third.expectClose();
      first.send(PINGREQ);
      await first.expect(PINGRESP);
      // The others have room.
      await listeners.connected('small');
    });
  }

  it('refuses connections that come too fast with CONNACK 3 (MQTT 3.1.1 §3.2.2.3)', async () => {
    const codes: number[] = [];
    for (let i = 0; i < 10; i++) {
      const client = await listeners.open('rate');
      client.send(connect({ clientId: listeners.name() }));
      const packet = await client.readPacket();
      if (packet.type === 'connack') codes.push(packet.code);
    }
    expect(codes.slice(0, 2)).to.deep.equal([0, 0]);
    expect(codes).to.have.lengthOf(10).and.include(SERVER_UNAVAILABLE);
    await listeners.connected('few');
  });

  it('lets in again when one has gone', async () => {
    const first = await listeners.connected('few');
    await listeners.connected('few');
    await first.drop();
    for (let isIn = false; !isIn;) {
      const next = await listeners.open('few');
      next.send(connect({ clientId: listeners.name() }));
      const packet = await next.readPacket();
      isIn = packet.type === 'connack' && packet.code === 0;
      if (!isIn) await next.drop();
    }
  });

  it('closes on a packet that another listener takes', async () => {
    const large = publish({ topic: 't', qos: 1, id: 1, payload: Buffer.alloc(2000) });
    const refused = await listeners.connected('small');
    refused.send(large);
    await refused.expectClose();
    const taken = await listeners.connected('few');
    taken.send(large);
    await taken.expect(puback(1));
  });

  it('pauses a client that publishes too fast, and loses nothing of it', async () => {
    const client = await listeners.connected('slow', { keepAlive: 1 });
    const started = Date.now();
    for (let id = 1; id <= 15; id++) client.send(publish({ topic: 't', qos: 1, id }));
    for (let id = 1; id <= 15; id++) await client.expect(puback(id));
    // Five at once, five a second behind them.
    expect(Date.now() - started).to.be.within(1500, 4000);
  });

  it('closes a client that publishes too fast where it is told to', async () => {
    const client = await listeners.connected('strict');
    for (let i = 0; i < 20; i++) client.send(publish({ topic: 't' }));
    await client.expectClose();
  });

  it('asks for a password where the others do not', async () => {
    const clientId = listeners.name();
    const password = hmacPassword(SIGN_IN.secretKey, clientId);
    await listeners.connected('few', { clientId });
    await listeners.connected('signed', { clientId }, 4);
    await listeners.connected('signed', { clientId, username: SIGN_IN.username, password });
    const plain = await listeners.open('');
    plain.send(connect({ clientId }));
    await plain.expect(connack(4, false));
  });

  it('has its own time to CONNECT', async () => {
    const silent = await listeners.open('signed');
    const patient = await listeners.open('few');
    await silent.expectClose(4000);
    patient.send(connect({ clientId: listeners.name() }));
    await patient.expect(connack(0, false));
  });
});
