import { expect } from 'chai';
import { ack5, disconnect5, subscribe5, type Publish5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import type { Client5 } from './client5.ts';
import { LONG, useWire5 } from './wire5.ts';

type Event = Record<string, unknown>;

async function eventOf(watcher: Client5, clientId: string): Promise<[Publish5, Event]> {
  for (;;) {
    const packet = await watcher.publish({ qos: 1, retain: false });
    watcher.send(ack5('puback', packet.id));
    const event = JSON.parse(String(packet.payload)) as Event;
    if (event['clientid'] === clientId) return [packet, event];
  }
}

describe('wire5: 11 client events', () => {
  if (isMosquitto) return;
  const wire = useWire5({ environment: { LMQTT_CONNECT_CLIENT_EVENTS: 'all' } });

  it('say how a connection found its session, and that they are JSON', async () => {
    const watcher = await wire.subscribed('$events/#', 1);
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    const [created, created1] = await eventOf(watcher, clientId);
    expect(created.topic).to.equal('$events/session_created');
    expect(created1).to.include({ clean_start: false, expiry_interval: LONG, proto_ver: 5 });
    const [connected, connected1] = await eventOf(watcher, clientId);
    expect(connected.topic).to.equal('$events/client_connected');
    expect(connected.properties).to.deep.equal([
      ['payloadFormat', 1],
      ['contentType', 'application/json'],
    ]);
    expect(connected1).to.include({ expiry_interval: LONG, clean_start: false });
    const second = await wire.lasting(clientId, true);
    await first.disconnected(0x8e);
    const topics: string[] = [];
    for (let i = 0; i < 4; i++) topics.push((await eventOf(watcher, clientId))[0].topic);
    expect(topics).to.deep.equal([
      '$events/session_takenover',
      '$events/client_disconnected',
      '$events/session_resumed',
      '$events/client_connected',
    ]);
    second.send(disconnect5());
    await eventOf(watcher, clientId);
    await wire.connected({ clientId, clean: true });
    expect((await eventOf(watcher, clientId))[0].topic).to.equal('$events/session_discarded');
  });

  it('have the options of a subscription', async () => {
    const watcher = await wire.subscribed('$events/session_subscribed', 1);
    const clientId = wire.name('subscriber');
    const client = await wire.connected({ clientId });
    const options = { noLocal: true, retainAsPublished: true, retainHandling: 2 } as const;
    client.send(subscribe5(1, [['x/#', 1, options]], [['subscriptionId', 5]]));
    await client.suback(1, 1);
    const [, event] = await eventOf(watcher, clientId);
    expect(event).to.deep.include({
      topic: 'x/#',
      qos: 1,
      subopts: { qos: 1, nl: 1, rap: 1, rh: 2, subid: 5 },
    });
  });

  it('have the reason code of the DISCONNECT of either side', async () => {
    const watcher = await wire.subscribed('$events/client_disconnected', 1);
    const clientId = wire.name('leaver');
    const client = await wire.connected({ clientId });
    client.send(disconnect5(0x04));
    expect((await eventOf(watcher, clientId))[1]).to.include({
      reason: 'disconnect_with_will_message',
      reason_code: 4,
    });
    const wrong = await wire.connected({ clientId });
    wrong.send('f3 00');
    const [, event] = await eventOf(watcher, clientId);
    expect(event).to.include({ reason: 'malformed_packet', reason_code: 0x81 });
  });

  it('tell of a session that has expired when its client comes back too late', async () => {
    const watcher = await wire.subscribed('$events/session_expired', 1);
    const clientId = wire.name('late');
    const list = [['sessionExpiry', 1]] as const;
    const client = await wire.connected({ clientId, clean: false, properties: list });
    client.send(disconnect5());
    await client.raw.expectClose();
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await wire.connected({ clientId, clean: false, properties: list });
    expect((await eventOf(watcher, clientId))[1]).to.include({ event: 'session.expired' });
  });
});
