import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { connect, decode, publish, suback, subscribe, type Publish } from '../helpers/packets.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

/** The topics that `docs/sys-topics.md` lists. */
function documented(): string[] {
  const page = readFileSync(new URL('../../docs/sys-topics.md', import.meta.url), 'utf8');
  return [...page.matchAll(/^\| `(\$SYS\/[^`]+)`/gm)].flatMap(([, name]) => {
    const [stem, list] = name!.split('{');
    return list === undefined
      ? [stem!]
      : list
          .replace('}', '')
          .split(',')
          .map((end) => stem! + end);
  });
}

async function publishes(client: RawClient, count: number): Promise<Publish[]> {
  const packets: Publish[] = [];
  while (packets.length < count) {
    const { first, body } = await client.readFrame();
    const packet = decode(first, body);
    if (packet.type !== 'publish') throw new Error(`${packet.type} came instead of PUBLISH`);
    packets.push(packet);
  }
  return packets;
}

describe('wire: 10 $SYS topics', () => {
  // Another server's documentation is not ours.
  if (isMosquitto) return;
  const wire = useWire({ environment: { LMQTT_CONNECT_SYS_TOPICS_INTERVAL: '1' } });

  it('that are published are those that are documented', async () => {
    const names = documented();
    expect(names).to.include('$SYS/broker/load/bytes/sent/15min').and.have.length.above(70);
    const client = await wire.connected();
    client.send(subscribe(1, ['$SYS/#', 0]));
    await client.expect(suback(1, 0));
    const retained: Publish[] = [];
    // What has changed meanwhile may come in between, with RETAIN 0; the last retained one ends it.
    while (retained.length < names.length) {
      const [packet] = await publishes(client, 1);
      if (packet!.retain) retained.push(packet!);
    }
    expect(retained.map(({ topic }) => topic)).to.have.members(names);
    for (let changed = 0; changed < 50; changed++) {
      const [packet] = await publishes(client, 1);
      expect(packet).to.include({ retain: false, qos: 0 });
      expect(names).to.include(packet!.topic);
    }
  });

  for (const qos of [0, 1, 2] as const) {
    it(`come at QoS 0 to a subscription of QoS ${qos}: at once with RETAIN 1, then with RETAIN 0`, async () => {
      const client = await wire.connected();
      client.send(subscribe(1, ['$SYS/broker/uptime', qos]));
      await client.expect(suback(1, qos));
      const [first, second] = await publishes(client, 2);
      expect(first).to.include({ topic: '$SYS/broker/uptime', retain: true, qos: 0 });
      expect(second).to.include({ topic: '$SYS/broker/uptime', retain: false, qos: 0 });
      expect(String(first!.payload)).to.match(/^\d+ seconds$/);
    });
  }

  it('are not matched by filters that begin with a wildcard [MQTT-4.7.2-1]', async () => {
    const client = await wire.connected();
    client.send(subscribe(1, ['+/broker/uptime', 0], ['+/#', 0]));
    await client.expect(suback(1, 0, 0));
    const other = await wire.subscribed('$SYS/broker/uptime', 0);
    await publishes(other, 2);
    await client.expectNothing(50);
  });

  it('are not for clients to publish to', async () => {
    const watcher = await wire.subscribed('$SYS/broker/version', 1);
    await publishes(watcher, 1);
    const client = await wire.connected();
    const topic = '$SYS/broker/version';
    client.send(publish({ topic, payload: 'forged', qos: 1, id: 7, retain: true }));
    await client.expect('40 02 00 07');
    await watcher.expectNothing(50);
    const late = await wire.subscribed(topic, 0);
    const [packet] = await publishes(late, 1);
    expect(String(packet!.payload)).to.match(/^lmqtt version \d/);
  });

  it('take no will of a client', async () => {
    const client = await wire.open();
    const will = { topic: '$SYS/broker/version', payload: 'forged' };
    client.send(connect({ clientId: wire.name('will'), will }));
    await client.expect('20 02 00 05');
    await client.expectClose();
  });
});
