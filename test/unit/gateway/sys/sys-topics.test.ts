import { expect } from 'chai';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { LMQ_EVENTS_NAMESPACE } from '../../../../src/gateway/routing/event-interest.ts';
import { topicNames } from '../../../../src/gateway/sys/sys-topic.ts';
import { sysTopicTable } from '../../../../src/gateway/sys/sys-topic-table.ts';
import { publish, subscribe, type Publish } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { World, type FakeClient, type WorldOptions } from '../gateway-world.ts';

const INTERVAL_MS = 10_000;

async function startWorld(options: WorldOptions = {}): Promise<World> {
  const world = new World({ sysTopics: { intervalSeconds: 10, version: '9.8.7' }, ...options });
  await world.context.sysTopics!.start(() => 0);
  return world;
}

async function tick(world: World, client: FakeClient): Promise<Map<string, Publish>> {
  await turns();
  client.take();
  world.clock.advance(INTERVAL_MS);
  const packets = await client.publishes();
  return new Map(packets.map((packet) => [packet.topic, packet]));
}

describe('gateway: SysTopics', () => {
  it('gives a new subscription every value at once, with RETAIN 1, and stores none of them', async () => {
    const world = await startWorld();
    const client = await world.connected();
    const records = world.store.stats.recordsAppended;
    const packets = await client.publishes(subscribe(1, ['$SYS/#', 0]));
    const names = sysTopicTable.flatMap(topicNames);
    expect(packets.map(({ topic }) => topic)).to.have.members(names);
    for (const packet of packets) expect(packet).to.include({ retain: true, qos: 0 });
    const version = packets.find(({ topic }) => topic === '$SYS/broker/version');
    expect(version?.payload.toString()).to.equal('lmqtt version 9.8.7');
    world.clock.advance(INTERVAL_MS);
    await turns();
    expect(world.store.stats.recordsAppended).to.equal(records);
    expect(await world.store.getState(StateSpace.RETAINED, '$SYS/broker/version')).to.equal(
      undefined,
    );
    await world.context.sysTopics!.stop();
  });

  for (const qos of [1, 2]) {
    it(`grants QoS ${qos} and delivers at QoS 0`, async () => {
      const world = await startWorld();
      const client = await world.connected();
      const packets = await client.exchange(subscribe(1, ['$SYS/broker/uptime', qos]));
      expect(packets[0]).to.deep.include({ type: 'suback', codes: [qos] });
      expect(packets[1]).to.include({ type: 'publish', qos: 0, retain: true });
      const changed = await tick(world, client);
      expect(changed.get('$SYS/broker/uptime')).to.include({ qos: 0, retain: false });
    });
  }

  it('sends later what has changed, and only that, with RETAIN 0', async () => {
    const world = await startWorld();
    const client = await world.subscribed({}, ['$SYS/#', 0]);
    const changed = await tick(world, client);
    expect(changed.get('$SYS/broker/uptime')?.payload.toString()).to.equal('10 seconds');
    expect(changed.get('$SYS/broker/clients/connected')?.payload.toString()).to.equal('1');
    expect(changed.has('$SYS/broker/version')).to.equal(false);
    expect(changed.has('$SYS/broker/retained messages/count')).to.equal(false);
    for (const packet of changed.values()) expect(packet.retain).to.equal(false);
    const again = await tick(world, client);
    expect(again.has('$SYS/broker/clients/connected')).to.equal(false);
    expect(again.get('$SYS/broker/uptime')?.payload.toString()).to.equal('20 seconds');
  });

  it('counts packets and payloads both ways', async () => {
    const world = await startWorld();
    const client = await world.subscribed(
      { clientId: 'a' },
      ['$SYS/broker/publish/#', 0],
      ['t', 1],
    );
    const before = Object.assign(new GatewayStats(), world.stats);
    await client.exchange(
      publish({ topic: 't', payload: 'four', qos: 0 }),
      publish({ topic: 't', payload: 'seven77', qos: 1, id: 4 }),
    );
    expect(world.stats.payloadBytesReceived - before.payloadBytesReceived).to.equal(11);
    expect(world.stats.payloadBytesSent - before.payloadBytesSent).to.equal(11);
    expect(world.stats.controlPacketsSent - before.controlPacketsSent).to.equal(1);
    expect(world.stats.messagesSent - before.messagesSent).to.equal(2);
    const changed = await tick(world, client);
    expect(changed.get('$SYS/broker/publish/bytes/received')?.payload.toString()).to.equal('11');
    expect(changed.get('$SYS/broker/publish/messages/received')?.payload.toString()).to.equal('2');
  });

  it('counts the clients that are connected, were at most, and may come back', async () => {
    const world = await startWorld();
    const watcher = await world.subscribed({ clientId: 'w' }, ['$SYS/broker/clients/+', 0]);
    const stays = await world.subscribed({ clientId: 's', clean: false }, ['x', 1], ['y/#', 0]);
    const goes = await world.connected({ clientId: 'g' });
    await stays.lose();
    await goes.lose();
    const changed = await tick(world, watcher);
    const texts: Record<string, string> = {};
    for (const [topic, { payload }] of changed) {
      texts[topic.slice(topic.lastIndexOf('/') + 1)] = payload.toString();
    }
    expect(texts).to.deep.equal({
      total: '2',
      connected: '1',
      active: '1',
      disconnected: '1',
      inactive: '1',
      maximum: '3',
    });
    expect(world.stats.subscriptionsOffline).to.equal(2);
  });

  it('are not matched by filters that begin with a wildcard [MQTT-4.7.2-1]', async () => {
    const world = await startWorld();
    const client = await world.subscribed({}, ['#', 0], ['+/broker/uptime', 0], ['+/#', 1]);
    expect(await client.publishes()).to.deep.equal([]);
    world.clock.advance(INTERVAL_MS);
    expect(await client.publishes()).to.deep.equal([]);
  });

  it('cannot be published to by clients, though subscribed', async () => {
    const world = await startWorld();
    const watcher = await world.subscribed({ clientId: 'w' }, ['$SYS/#', 1], ['$events/#', 1]);
    watcher.take();
    const client = await world.connected({ clientId: 'p' });
    for (const topic of ['$SYS/broker/uptime', '$SYS/x', '$events/client_connected']) {
      await client.exchange(publish({ topic, payload: 'forged', qos: 1, id: 1, retain: true }));
    }
    expect(await watcher.publishes()).to.deep.equal([]);
    expect(world.context.retained.size).to.equal(0);
  });

  it('ask the authorizer', async () => {
    const asked: string[] = [];
    const world = await startWorld({
      authorizer: {
        authorize: (_principal, _action, topic) => {
          asked.push(topic);
          return false;
        },
      },
    });
    const client = await world.connected();
    const [suback] = await client.exchange(subscribe(1, ['$SYS/#', 0]));
    expect(suback).to.deep.include({ type: 'suback', codes: [0x80] });
    expect(asked).to.deep.equal(['$SYS/#']);
  });

  it('are there without registration, and are not registered by use', async () => {
    const world = await startWorld({ autoCreateTopic: false });
    const client = await world.connected();
    const filters = ['$SYS/broker/uptime', '$SYS/#', '$events/+'];
    const packets = await client.exchange(
      subscribe(1, ...filters.map((filter): [string, number] => [filter, 1]), ['other', 1]),
    );
    expect(packets[0]).to.deep.include({ type: 'suback', codes: [1, 1, 1, 0x80] });
    world.clock.advance(1000);
    await turns();
    // What is subscribed of the events is noted elsewhere: they are made for those who want them.
    const registered = world.kv.writes.filter(
      ({ namespace }) => namespace !== LMQ_EVENTS_NAMESPACE,
    );
    expect(registered).to.deep.equal([]);
  });

  it('end with stop', async () => {
    const world = await startWorld();
    const client = await world.subscribed({}, ['$SYS/#', 0]);
    await turns();
    client.take();
    await world.context.sysTopics!.stop();
    world.clock.advance(5 * INTERVAL_MS);
    expect(await client.publishes()).to.deep.equal([]);
  });
});
