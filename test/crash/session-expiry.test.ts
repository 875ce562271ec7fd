import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect5, disconnect5, publish5, subscribe5 } from '../helpers/packets5.ts';
import { Client5 } from '../wire5/client5.ts';
import { useCrashBroker } from './crash-broker.ts';

const SHORT_SECONDS = 2;
const LONG_SECONDS = 600;
/** Later than the end of a short session. */
const OVER_MS = SHORT_SECONDS * 1000 + 300;

describe('crash: session expiry across SIGKILL (MQTT 5 §3.1.2.11.2)', () => {
  const server = useCrashBroker(60_000);

  async function connected(clientId: string, seconds: number): Promise<Client5> {
    const raw = await server.open();
    raw.send(connect5({ clientId, clean: false, properties: [['sessionExpiry', seconds]] }));
    return Client5.accept(raw);
  }

  async function subscribed(clientId: string, seconds: number): Promise<Client5> {
    const client = await connected(clientId, seconds);
    client.send(subscribe5(1, [[clientId, 1]]));
    await client.suback(1, 1);
    return client;
  }

  /** DISCONNECT, and the server has saved the session. */
  async function left(client: Client5, seconds?: number): Promise<void> {
    client.send(disconnect5(0, seconds === undefined ? [] : [['sessionExpiry', seconds]]));
    await client.raw.expectClose();
    // Opened and closed after what the server does with the session.
    await sleep(100);
  }

  async function isPresent(clientId: string): Promise<boolean> {
    const { connack } = await connected(clientId, LONG_SECONDS);
    expect(connack.code).to.equal(0);
    return connack.sessionPresent;
  }

  it('a session that ends while the gateway is dead is gone after it, the others are there', async () => {
    await left(await subscribed('ends-dead', SHORT_SECONDS));
    await left(await subscribed('ends-dead-told', LONG_SECONDS), SHORT_SECONDS);
    await left(await subscribed('goes-on', LONG_SECONDS));
    await left(await subscribed('goes-on-told', SHORT_SECONDS), LONG_SECONDS);
    const sender = await connected('expiry-sender', 0);
    for (const [i, topic] of ['ends-dead', 'goes-on'].entries()) {
      sender.send(publish5({ topic, payload: 'kept', qos: 1, id: i + 1 }));
      await sender.accepted('puback', i + 1);
    }
    await server.broker.crash();
    await sleep(OVER_MS);
    await server.broker.restart();
    expect(await isPresent('ends-dead'), 'ends-dead').to.equal(false);
    expect(await isPresent('ends-dead-told'), 'ends-dead-told').to.equal(false);
    expect(await isPresent('goes-on-told'), 'goes-on-told').to.equal(true);
    const client = await connected('goes-on', LONG_SECONDS);
    expect(client.connack.sessionPresent, 'goes-on').to.equal(true);
    const { payload } = await client.publish({ topic: 'goes-on' });
    expect(payload.toString()).to.equal('kept');
  });

  it('a session whose client was connected has its whole interval from the restart on', async () => {
    await subscribed('was-here', SHORT_SECONDS);
    await subscribed('was-here-too', SHORT_SECONDS);
    await server.broker.crash();
    await sleep(OVER_MS);
    await server.broker.restart();
    expect(await isPresent('was-here'), 'back at once').to.equal(true);
    await sleep(OVER_MS);
    expect(await isPresent('was-here-too'), 'back too late').to.equal(false);
  });

  it('what an ended session subscribed to is not delivered to the next one', async () => {
    await left(await subscribed('anew', SHORT_SECONDS));
    await server.broker.crash();
    await sleep(OVER_MS);
    await server.broker.restart();
    const client = await connected('anew', LONG_SECONDS);
    expect(client.connack.sessionPresent).to.equal(false);
    const sender = await connected('anew-sender', 0);
    sender.send(publish5({ topic: 'anew', payload: 'no', qos: 1, id: 1 }));
    await sender.accepted('puback', 1);
    await client.ping();
  });

  it('a session of an interval of 0 does not come back', async () => {
    await subscribed('none', 0);
    await server.crash();
    expect(await isPresent('none')).to.equal(false);
  });
});
