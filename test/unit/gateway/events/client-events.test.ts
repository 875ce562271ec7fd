import { expect } from 'chai';
import {
  CLIENT_EVENTS,
  type ClientEvent,
  DEFAULT_CLIENT_EVENTS,
} from '../../../../src/gateway/events/client-event.ts';
import { SessionSweeper } from '../../../../src/gateway/session/session-sweeper.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { recordPayload, recordQos } from '../../../../src/lmq/spi/record.ts';
import { positionAt } from '../../../../src/lmq/spi/record-segment.ts';
import { DISCONNECT, subscribe, unsubscribe } from '../../../helpers/packets.ts';
import { disconnect5, subscribe5 } from '../../../helpers/packets5.ts';
import { connected5 } from '../fake-client5.ts';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';

type Event = Record<string, unknown>;

/** Events of one kind as a back-end service reads them: from the queue of the topic. */
async function eventsOf(world: World, event: ClientEvent): Promise<Event[]> {
  world.context.events?.stop();
  await turns();
  const queue = await world.store.openQueue(topicQueueName(`$events/${event}`));
  const { segments } = await world.store.pull(queue, 0, 1000, 1 << 20);
  world.store.closeQueue(queue);
  return segments.flatMap((segment) =>
    Array.from({ length: segment.count }, (_, i) => {
      const position = positionAt(segment, segment.firstOffset + i);
      expect(recordQos(segment.buffer, position)).to.equal(1);
      return JSON.parse(recordPayload(segment.buffer, position).toString()) as Event;
    }),
  );
}

async function counts(world: World): Promise<Record<string, number>> {
  const all: Record<string, number> = {};
  for (const event of CLIENT_EVENTS) {
    const { length } = await eventsOf(world, event);
    if (length > 0) all[event] = length;
  }
  return all;
}

function worldWith(...clientEvents: readonly ClientEvent[]): World {
  return new World({ clientEvents });
}

const SESSION = { clean: false, properties: [['sessionExpiry', 100]] } as const;

describe('gateway: ClientEvents', () => {
  it('a connection from its CONNACK to its DISCONNECT, in the queues of the topics', async () => {
    const world = worldWith(...CLIENT_EVENTS);
    const client = await world.connected({ clientId: 'a', clean: true, keepAlive: 7 });
    const connectedAt = world.clock.now();
    world.clock.advance(500);
    await client.exchange(DISCONNECT);
    const [connected] = await eventsOf(world, 'client_connected');
    expect(connected).to.deep.include({
      event: 'client.connected',
      clientid: 'a',
      username: null,
      proto_ver: 4,
      proto_name: 'MQTT',
      keepalive: 7,
      clean_start: true,
      expiry_interval: 0,
      connected_at: connectedAt,
      timestamp: connectedAt,
    });
    const [disconnected] = await eventsOf(world, 'client_disconnected');
    expect(disconnected).to.deep.include({
      event: 'client.disconnected',
      clientid: 'a',
      reason: 'normal',
      reason_code: 0,
      connected_at: connectedAt,
      disconnected_at: connectedAt + 500,
    });
    expect(await counts(world)).to.deep.equal({
      client_connected: 1,
      client_disconnected: 1,
      session_created: 1,
    });
  });

  it('why a connection has ended', async () => {
    const world = worldWith('client_disconnected');
    await (await world.connected({ clientId: 'lost' })).lose();
    await (await world.connected({ clientId: 'wrong' })).exchange(Buffer.from('f000', 'hex'));
    await world.connected({ clientId: 'twice' });
    await world.connected({ clientId: 'twice' });
    const mqtt5 = await connected5(world, { clientId: 'five' });
    await mqtt5.exchange(disconnect5(0x04));
    const silent = await world.connected({ clientId: 'silent', keepAlive: 1 });
    world.clock.advance(5000);
    await turns();
    expect(silent.closed).to.equal(true);
    const reasons = (await eventsOf(world, 'client_disconnected')).map((event) => [
      event['clientid'],
      event['reason'],
      event['reason_code'],
    ]);
    expect(reasons).to.deep.equal([
      ['lost', 'tcp_closed', null],
      ['wrong', 'protocol_error', 0x82],
      ['twice', 'takenover', 0x8e],
      ['five', 'disconnect_with_will_message', 4],
      ['silent', 'keepalive_timeout', 0x8d],
    ]);
  });

  it('nothing of a client that is refused', async () => {
    const world = new World({
      clientEvents: CLIENT_EVENTS,
      authenticator: { authenticate: () => 'NOT_AUTHORIZED' },
    });
    await world.open().exchange(Buffer.from('100d00044d5154540402003c000161', 'hex'));
    expect(await counts(world)).to.deep.equal({});
  });

  it('subscriptions as granted, and their end', async () => {
    const world = worldWith('session_subscribed', 'session_unsubscribed');
    const client = await world.connected({ clientId: 'a' });
    await client.exchange(subscribe(1, ['x/+', 2], ['ALL_FIRST_TOPICS', 0], ['y', 0]));
    await client.exchange(unsubscribe(2, 'y', 'never'));
    const subscribed = await eventsOf(world, 'session_subscribed');
    expect(subscribed.map(({ topic, qos }) => [topic, qos])).to.deep.equal([
      ['x/+', 2],
      ['y', 0],
    ]);
    expect(subscribed[0]).to.deep.include({
      event: 'session.subscribed',
      clientid: 'a',
      subopts: { qos: 2, nl: 0, rap: 0, rh: 0 },
    });
    const unsubscribed = await eventsOf(world, 'session_unsubscribed');
    expect(unsubscribed.map(({ topic }) => topic)).to.deep.equal(['y']);
  });

  it('sessions: created, resumed, taken over, discarded', async () => {
    const world = worldWith(...CLIENT_EVENTS.filter((event) => event.startsWith('session_')));
    const first = await connected5(world, { clientId: 's', ...SESSION });
    await first.exchange(disconnect5(0));
    await connected5(world, { clientId: 's', ...SESSION });
    const third = await connected5(world, { clientId: 's', ...SESSION });
    await third.exchange(disconnect5(0));
    await connected5(world, { clientId: 's', clean: true });
    expect(await counts(world)).to.deep.equal({
      session_created: 2,
      session_resumed: 2,
      session_takenover: 1,
      session_discarded: 1,
    });
  });

  it('a session that nobody came back for: by the sweep, or by a client that is too late', async () => {
    const world = worldWith('session_expired', 'session_discarded');
    const sweeper = new SessionSweeper({
      sessions: world.context.sessions,
      store: world.store,
      cluster: undefined,
      clock: world.clock,
      logger: silentLogger,
    });
    sweeper.start();
    for (const clientId of ['gone', 'late']) {
      const client = await connected5(world, { clientId, ...SESSION });
      await client.exchange(disconnect5(0));
    }
    world.clock.advance(101_000);
    const late = await connected5(world, { clientId: 'late', ...SESSION });
    expect(late.connack.sessionPresent).to.equal(false);
    world.clock.advance(60_000);
    await turns(20);
    await sweeper.stop();
    const expired = await eventsOf(world, 'session_expired');
    expect(expired.map(({ clientid }) => clientid)).to.have.members(['gone', 'late']);
    expect(expired[0]).to.include({ event: 'session.expired' });
    expect(await eventsOf(world, 'session_discarded')).to.deep.equal([]);
    expect(world.stats).to.include({ sessionsExpired: 2, sessionsOffline: 0 });
  });

  it('are only those that are asked for', async () => {
    const world = worldWith('client_connected');
    const client = await world.subscribed({ clientId: 'a' }, ['x', 1]);
    await client.exchange(DISCONNECT);
    expect(await counts(world)).to.deep.equal({ client_connected: 1 });
    const off = new World({ clientEvents: [] });
    expect(off.context.events).to.equal(undefined);
  });

  it('reach a persistent session that was away, and one that is there', async () => {
    const world = worldWith(...DEFAULT_CLIENT_EVENTS);
    const fields = { clientId: 'watcher', clean: false };
    const watcher = await world.connected(fields);
    world.clock.advance(50);
    await watcher.exchange(subscribe(1, ['$events/client_connected', 1]));
    await watcher.lose();
    await world.connected({ clientId: 'meanwhile' });
    world.clock.advance(50);
    const again = await world.connected(fields);
    await world.connected({ clientId: 'now' });
    world.clock.advance(50);
    const ids = (await again.drain()).map((text) => (JSON.parse(text) as Event)['clientid']);
    expect(ids).to.deep.equal(['meanwhile', 'watcher', 'now']);
  });

  it('of whoever watches them all come to an end', async () => {
    const world = worldWith(...CLIENT_EVENTS);
    const watcher = await world.subscribed({ clientId: 'w' }, ['$events/#', 1], ['$events/+', 0]);
    for (let i = 0; i < 20; i++) {
      world.clock.advance(50);
      await watcher.drain();
    }
    const { clientEvents } = world.stats;
    expect(clientEvents).to.equal(4);
    expect(await counts(world)).to.deep.equal({
      client_connected: 1,
      session_created: 1,
      session_subscribed: 2,
    });
  });

  it('are JSON by their MQTT 5 properties', async () => {
    const world = worldWith('client_connected');
    const watcher = await connected5(world, { clientId: 'w' });
    await watcher.subscribe('$events/client_connected', 1);
    await watcher.exchange();
    await world.connected({ clientId: 'other' });
    world.clock.advance(50);
    const publishes = await watcher.publishes();
    const last = publishes.at(-1);
    expect(last?.properties).to.deep.equal([
      ['payloadFormat', 1],
      ['contentType', 'application/json'],
    ]);
  });

  it('are not matched by filters that begin with a wildcard [MQTT-4.7.2-1]', async () => {
    const world = worldWith(...CLIENT_EVENTS);
    const watcher = await world.subscribed({ clientId: 'w' }, ['#', 1], ['+/client_connected', 0]);
    await world.connected({ clientId: 'other' });
    world.clock.advance(50);
    expect(await watcher.publishes()).to.deep.equal([]);
  });

  it('only from the first subscription on, when they are published on demand', async () => {
    const options = { clientEvents: CLIENT_EVENTS, clientEventsOnDemand: true };
    const world = new World(options);
    const early = await world.connected({ clientId: 'early' });
    await early.exchange(DISCONNECT);
    const watcher = await world.subscribed({ clientId: 'watcher' }, [
      '$events/client_disconnected',
      0,
    ]);
    // It has gone: what it wanted may be read by others.
    await watcher.exchange(DISCONNECT);
    const late = await world.connected({ clientId: 'late' });
    await late.exchange(DISCONNECT);
    expect(await counts(world)).to.deep.equal({ client_disconnected: 2 });
  });

  it('on demand of a shared subscription, too', async () => {
    const world = new World({ clientEvents: CLIENT_EVENTS, clientEventsOnDemand: true });
    const watcher = await connected5(world, { clientId: 'watcher' });
    await watcher.exchange(subscribe5(1, [['$share/g/$events/+', 1]]));
    await world.connected({ clientId: 'late' });
    expect(await counts(world)).to.include({ client_connected: 1 });
  });
});
