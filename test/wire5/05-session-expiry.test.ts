import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { connect5, disconnect5 } from '../helpers/packets5.ts';
import { numberOf, type Properties } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import type { Client5 } from './client5.ts';
import { LONG, useWire5 } from './wire5.ts';

describe('wire5: 05 session expiry interval', () => {
  const wire = useWire5();

  async function leave(client: Client5, properties?: Properties): Promise<void> {
    client.send(disconnect5(0, properties));
    await client.raw.expectClose();
  }

  async function comesBack(clientId: string, sessionPresent: boolean): Promise<void> {
    await wire.connected({ clientId, clean: false }, sessionPresent);
  }

  it('absent: the session ends with the connection [MQTT-4.1.0-2]', async () => {
    const clientId = wire.name('session');
    await leave(await wire.connected({ clientId, clean: false }));
    await comesBack(clientId, false);
  });

  it('0: the session ends with the connection, also without DISCONNECT [MQTT-4.1.0-2]', async () => {
    const clientId = wire.name('session');
    const client = await wire.connected({ clientId, properties: [['sessionExpiry', 0]] });
    await client.raw.drop();
    await comesBack(clientId, false);
  });

  it('in time: the session comes back [MQTT-3.1.2-23] [MQTT-3.2.2-3]', async () => {
    const clientId = wire.name('session');
    await leave(await wire.lasting(clientId));
    await comesBack(clientId, true);
  });

  it('passed: the session has gone [MQTT-4.1.0-2]', async () => {
    const clientId = wire.name('session');
    await leave(await wire.connected({ clientId, properties: [['sessionExpiry', 1]] }));
    await sleep(isMosquitto ? 7_000 : 2_500);
    await comesBack(clientId, false);
  });

  it('counts from the close, not from the CONNECT [MQTT-4.1.0-1]', async () => {
    const clientId = wire.name('session');
    const client = await wire.connected({ clientId, properties: [['sessionExpiry', 2]] });
    await sleep(2_500);
    await client.ping();
    await leave(client);
    await comesBack(clientId, true);
  });

  it('0xFFFFFFFF: the session stays (§3.1.2.11.2)', async () => {
    const clientId = wire.name('session');
    const properties = [['sessionExpiry', 0xffff_ffff]] as const;
    await leave(await wire.connected({ clientId, properties }));
    await sleep(1_200);
    await comesBack(clientId, true);
  });

  it('is that of the last CONNECT', async () => {
    const clientId = wire.name('session');
    await leave(await wire.lasting(clientId));
    // Without the property: 0.
    await leave(await wire.connected({ clientId, clean: false }, true));
    await comesBack(clientId, false);
  });

  it('clean start ends what was there and says so [MQTT-3.1.2-4] [MQTT-3.1.4-4] [MQTT-3.2.2-2]', async () => {
    const clientId = wire.name('session');
    await leave(await wire.lasting(clientId));
    await leave(await wire.lasting(clientId, false, [], true));
    await wire.lasting(clientId, true);
  });

  it('clean start 0 without a session makes one [MQTT-3.1.2-6] [MQTT-3.2.2-3]', async () => {
    const clientId = wire.name('session');
    const client = await wire.lasting(clientId, false);
    await client.raw.drop();
    await wire.lasting(clientId, true);
  });

  it('can be set to 0 in DISCONNECT', async () => {
    const clientId = wire.name('session');
    await leave(await wire.lasting(clientId), [['sessionExpiry', 0]]);
    await comesBack(clientId, false);
  });

  it('can be shortened in DISCONNECT', async () => {
    const clientId = wire.name('session');
    await leave(await wire.lasting(clientId), [['sessionExpiry', 1]]);
    await sleep(isMosquitto ? 7_000 : 2_500);
    await comesBack(clientId, false);
  });

  it('can be lengthened in DISCONNECT', async () => {
    const clientId = wire.name('session');
    const client = await wire.connected({ clientId, properties: [['sessionExpiry', 1]] });
    await leave(client, [['sessionExpiry', LONG]]);
    await sleep(2_500);
    await comesBack(clientId, true);
  });

  it('keeps its value when DISCONNECT does not name it', async () => {
    const clientId = wire.name('session');
    await leave(await wire.lasting(clientId), [['user', ['why', 'home']]]);
    await comesBack(clientId, true);
  });

  it('0 cannot be raised in DISCONNECT: 0x82 (§3.14.2.2.2)', async () => {
    const clientId = wire.name('session');
    const client = await wire.connected({ clientId });
    client.send(disconnect5(0, [['sessionExpiry', 10]]));
    await client.disconnected(0x82);
    await comesBack(clientId, false);
  });

  it('is as the client asked, or what the CONNACK says instead', async () => {
    const { connack } = await wire.lasting(wire.name('session'));
    expect(numberOf(connack.properties, 'sessionExpiry')).to.be.oneOf([undefined, LONG]);
  });

  it('outlives a lost connection', async () => {
    const clientId = wire.name('session');
    const client = await wire.lasting(clientId);
    await client.raw.drop();
    await comesBack(clientId, true);
  });

  it('passed while the client was away: subscriptions have gone as well', async () => {
    const clientId = wire.name('session');
    const topic = wire.name('gone');
    const client = await wire.connected({ clientId, properties: [['sessionExpiry', 1]] });
    await wire.subscribe(client, topic, 1);
    await leave(client);
    await sleep(isMosquitto ? 7_000 : 2_500);
    const again = await wire.answered(0, connect5({ clientId, clean: false }));
    await wire.published({ topic, payload: 'x', qos: 1 });
    await again.ping();
  });
});
