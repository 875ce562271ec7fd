import { expect } from 'chai';
import { decode, DISCONNECT, puback, suback, subscribe, unsubscribe } from '../helpers/packets.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

type Event = Record<string, unknown>;

/** Takes events, acknowledging them, until one of this client has come. */
async function eventOf(watcher: RawClient, clientId: string): Promise<[string, Event]> {
  for (;;) {
    const { first, body } = await watcher.readFrame();
    const packet = decode(first, body);
    if (packet.type !== 'publish') throw new Error(`${packet.type} came instead of PUBLISH`);
    expect(packet).to.include({ qos: 1, retain: false });
    watcher.send(puback(packet.id));
    const event = JSON.parse(String(packet.payload)) as Event;
    if (event['clientid'] === clientId) return [packet.topic, event];
  }
}

describe('wire: 11 client events', () => {
  if (isMosquitto) return;
  // With the default of clientEvents.
  const wire = useWire();

  it('tell of connection, subscription and their ends, in this order', async () => {
    const watcher = await wire.subscribed('$events/#', 1);
    const clientId = wire.name('watched');
    const client = await wire.connected({ clientId, username: 'me', keepAlive: 77 });
    client.send(subscribe(1, ['a/+', 2]));
    await client.expect(suback(1, 2));
    client.send(unsubscribe(2, 'a/+'));
    await client.expect('b0 02 00 02');
    client.send(DISCONNECT);
    const [connected, first] = await eventOf(watcher, clientId);
    expect(connected).to.equal('$events/client_connected');
    expect(first).to.include({
      event: 'client.connected',
      username: 'me',
      ipaddress: '127.0.0.1',
      proto_name: 'MQTT',
      proto_ver: 4,
      keepalive: 77,
      clean_start: true,
      expiry_interval: 0,
    });
    expect(first['peername']).to.match(/^127\.0\.0\.1:\d+$/);
    const [subscribed, second] = await eventOf(watcher, clientId);
    expect(subscribed).to.equal('$events/session_subscribed');
    expect(second).to.include({ topic: 'a/+', qos: 2 });
    const [unsubscribed, third] = await eventOf(watcher, clientId);
    expect(unsubscribed).to.equal('$events/session_unsubscribed');
    expect(third).to.include({ topic: 'a/+' });
    const [disconnected, fourth] = await eventOf(watcher, clientId);
    expect(disconnected).to.equal('$events/client_disconnected');
    expect(fourth).to.include({ reason: 'normal', reason_code: 0 });
    expect(fourth['disconnected_at']).to.be.at.least(first['connected_at'] as number);
  });

  it('wait for a persistent session that is away', async () => {
    const fields = { clientId: wire.name('watcher'), clean: false };
    const watcher = await wire.subscribed('$events/client_connected', 1, fields);
    watcher.send(DISCONNECT);
    await watcher.expectClose();
    const clientId = wire.name('meanwhile');
    await (await wire.connected({ clientId })).drop();
    const [topic] = await eventOf(await wire.connected(fields, true), clientId);
    expect(topic).to.equal('$events/client_connected');
  });

  it('say when a connection has broken, and when it was taken over', async () => {
    const watcher = await wire.subscribed('$events/client_disconnected', 1);
    const lost = wire.name('lost');
    await (await wire.connected({ clientId: lost })).drop();
    expect((await eventOf(watcher, lost))[1]).to.include({ reason: 'tcp_closed' });
    const taken = wire.name('taken');
    await wire.connected({ clientId: taken });
    await wire.connected({ clientId: taken });
    expect((await eventOf(watcher, taken))[1]).to.include({
      reason: 'takenover',
      reason_code: 0x8e,
    });
  });

  it('of the watcher itself come to an end', async () => {
    const clientId = wire.name('watcher');
    const watcher = await wire.subscribed('$events/session_subscribed', 1, { clientId });
    await eventOf(watcher, clientId);
    await watcher.expectNothing(200);
  });
});
