import { expect } from 'chai';
import { publish, subscribe, uint16 } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

interface Case {
  readonly filter: string;
  readonly matching: readonly string[];
  readonly other: readonly string[];
}

// '~' stands for a first level of the test's own.
const CASES: readonly Case[] = [
  { filter: '~/a', matching: ['~/a'], other: ['~/A', '~/a/', '~', '~/a/b', '/~/a', '~//a'] },
  { filter: '~/+', matching: ['~/a', '~/', '~/x y'], other: ['~', '~/a/b', '~/a/'] },
  { filter: '~/+/c', matching: ['~/b/c', '~//c'], other: ['~/c', '~/b/c/d', '~/b/b/c'] },
  { filter: '~/+/+', matching: ['~/a/b', '~//'], other: ['~/a', '~/a/b/c'] },
  { filter: '~/#', matching: ['~', '~/', '~/a', '~/a/b/c', '~//'], other: ['~x', 'x~/a'] },
  { filter: '~/a/#', matching: ['~/a', '~/a/', '~/a/b'], other: ['~', '~/b/a', '~/ab'] },
  { filter: '~/+/b/#', matching: ['~/a/b', '~/a/b/c', '~//b/c/d'], other: ['~/b', '~/a/c/b'] },
  { filter: '+/~', matching: ['a/~', '/~'], other: ['~', 'a/b/~', 'a/~/b'] },
  { filter: '/+/~', matching: ['/a/~', '//~'], other: ['a/~', '/a/b/~'] },
  { filter: '+/+/~', matching: ['a/b/~', '//~', '/a/~'], other: ['a/~', 'a/b/c/~'] },
  { filter: '+/~/#', matching: ['a/~', 'a/~/b', '/~/b/c'], other: ['~', 'a/b/~'] },
  { filter: '/~/#', matching: ['/~', '/~/a'], other: ['~', '~/a'] },
  { filter: '~/ü/+', matching: ['~/ü/客', '~/ü/ '], other: ['~/u/客', '~/Ü/a'] },
];

describe('wire: 02 topic filters', () => {
  const wire = useWire({ apart: 'filters' });

  for (const { filter, matching, other } of CASES) {
    it(`'${filter}' matches its topics and no others [MQTT-3.3.2-3] [MQTT-4.7.1-2] [MQTT-4.7.1-3] [MQTT-4.7.3-4]`, async () => {
      const own = wire.name('match');
      const name = (text: string): string => text.replaceAll('~', own);
      const client = await wire.subscribed(name(filter), 1);
      const sender = await wire.connected();
      const all = [...other, ...matching, ...other].map(name);
      sender.send(...all.map((topic, i) => publish({ topic, payload: topic, qos: 1, id: i + 1 })));
      for (const [i, topic] of matching.map(name).entries()) {
        await client.expect(publish({ topic, payload: topic, qos: 1, id: i + 1 }));
      }
      await sender.expect(
        ...all.map((_, i) => Buffer.concat([Buffer.from([0x40, 2]), uint16(i + 1)])),
      );
      await client.expectNothing(50);
    });
  }

  it("'#' receives every topic that does not begin with '$' [MQTT-4.7.1-2]", async () => {
    const own = wire.name('everything');
    const client = await wire.subscribed('#', 0);
    const sender = await wire.connected();
    const topics = [own, `${own}/a`, `/${own}`, `a/${own}/c`];
    sender.send(...topics.map((topic) => publish({ topic, payload: own })));
    const received: string[] = [];
    while (received.length < topics.length) {
      const packet = await client.readPublish();
      if (packet.payload.toString() === own) received.push(packet.topic);
    }
    expect(received).to.deep.equal(topics);
  });

  it("'#', '+/x' and '+' do not match topics that begin with '$' [MQTT-4.7.2-1]", async () => {
    const own = wire.name('dollar');
    const client = await wire.connected();
    client.send(subscribe(1, ['#', 0], [`+/${own}`, 0], ['+/+/#', 0], ['+', 0]));
    await client.expect('90 06 00 01 00 00 00 00');
    for (const topic of [`$lmqtt/${own}`, `$x${own}`, `$a/b/${own}`, `$/${own}`]) {
      const sender = await wire.connected();
      sender.send(publish({ topic, payload: 'hidden' }));
    }
    await client.expectNothing();
  });

  it("clients cannot talk to each other over topics that begin with '$' [MQTT-3.3.5-2] (4.7.2)", async function () {
    // mosquitto lets them.
    if (isMosquitto) this.skip();
    const own = wire.name('dollar');
    const client = await wire.connected();
    client.send(subscribe(1, [`$lmqtt/${own}/#`, 1]));
    await client.expect('90 03 00 01 01');
    const sender = await wire.connected();
    const topic = `$lmqtt/${own}/a`;
    sender.send(
      publish({ topic, payload: 'seen' }),
      publish({ topic, payload: 'b', qos: 1, id: 7 }),
    );
    sender.send(publish({ topic, payload: 'c', qos: 2, id: 8 }));
    // The specification leaves a choice for what is not authorized: acknowledge and drop, or close.
    await sender.expect('40 02 00 07 50 02 00 08');
    sender.send('62 02 00 08');
    await sender.expect('70 02 00 08');
    await client.expectNothing(50);
  });
});
