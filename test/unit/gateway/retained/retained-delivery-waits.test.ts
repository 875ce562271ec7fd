import { expect } from 'chai';
import { DISCONNECT, puback, publish, subscribe, unsubscribe } from '../../../helpers/packets.ts';
import { FakeSocket } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';
import { retain } from './retained-traffic.ts';

describe('gateway: retained messages that wait for their subscriber', () => {
  it('all come, many times the window and the batch, each once', async () => {
    const world = new World({ limits: { maxInflight: 10 } });
    const sender = await world.connected({ clientId: 'p' });
    const topics = Array.from({ length: 1200 }, (_, i) => `t/${i}`);
    for (const topic of topics) {
      sender.socket.feed(publish({ topic, payload: topic, qos: 1, id: 1, retain: true }));
    }
    await sender.exchange();
    const client = await world.connected({ clientId: 's' });
    await client.exchange(subscribe(1, ['other', 1]));
    client.socket.feed(subscribe(2, ['t/#', 1]));
    const payloads = await client.drain();
    expect(payloads).to.have.members(topics).and.to.have.length(1200);
    expect(world.stats.retainedSent).to.equal(1200);
  });

  it('all come to each of many who subscribe together', async () => {
    const world = new World();
    const sender = await world.connected({ clientId: 'p' });
    const topics = Array.from({ length: 700 }, (_, i) => `t/${i}`);
    for (const topic of topics) {
      sender.socket.feed(publish({ topic, payload: topic, qos: 1, id: 1, retain: true }));
    }
    await sender.exchange();
    const clients = [];
    for (let i = 0; i < 20; i++) clients.push(await world.connected({ clientId: `s${i}` }));
    for (const [i, client] of clients.entries()) {
      client.socket.feed(subscribe(1, ['t/#', i % 4 === 0 ? 0 : 1]));
    }
    for (const client of clients) expect(await client.drain()).to.deep.equal(topics);
  });

  it('are never older than what has come already, with a small window and a large one', async () => {
    for (const maxInflight of [20, 1000]) {
      const world = new World({ limits: { maxInflight } });
      const sender = await world.connected({ clientId: 'p' });
      const topics = Array.from({ length: 900 }, (_, i) => `t/${i}`);
      const put = (topic: string, version: number): void => {
        const payload = `${topic} ${version}`;
        sender.socket.feed(publish({ topic, payload, qos: 1, id: 1, retain: true }));
      };
      for (const topic of topics) put(topic, 0);
      await sender.exchange();
      const client = await world.connected({ clientId: 's' });
      client.socket.feed(subscribe(1, ['#', 1]));
      const seen = new Map<string, number>();
      for (let i = 0; i < 2000; i++) {
        // Some that have been copied for the client already, and some that have not been.
        if (i < 45)
          for (const ahead of [30, 60, 100, 200, 500]) put(topics[(i * 20 + ahead) % 900]!, 1);
        const packets = await client.exchange();
        for (const packet of packets) {
          if (packet.type !== 'publish') continue;
          const [topic = '', version] = packet.payload.toString().split(' ');
          expect(Number(version), topic).to.be.at.least(seen.get(topic) ?? 0);
          seen.set(topic, Number(version));
          client.socket.feed(puback(packet.id));
        }
        if (i >= 45 && packets.length === 0) break;
      }
      expect(seen.size).to.equal(900);
      const newer = [...seen.values()].filter((version) => version === 1);
      expect(newer).to.have.length(90);
    }
  });

  it('at QoS 0 wait while the socket is full and go on at its drain', async () => {
    const world = new World({ limits: { highWater: 4096 } });
    const sender = await world.connected({ clientId: 'p' });
    const payload = 'x'.repeat(1000);
    for (let i = 0; i < 200; i++) {
      sender.socket.feed(publish({ topic: `t/${i}`, payload, qos: 0, retain: true }));
    }
    await sender.exchange();
    const socket = new FakeSocket();
    const client = await world.connected({ clientId: 's' }, socket);
    socket.stall();
    socket.feed(subscribe(1, ['t/+', 0]));
    expect(await client.publishes()).to.deep.equal([]);
    expect(world.stats.retainedSent).to.be.below(50);
    const topics = new Set<string>();
    for (let i = 0; i < 100 && topics.size < 200; i++) {
      socket.unstall();
      for (const { topic, retain: flag } of await client.publishes()) {
        expect(flag).to.equal(true);
        expect(topics.has(topic)).to.equal(false);
        topics.add(topic);
      }
      socket.stall();
    }
    expect(topics.size).to.equal(200);
  });

  it('end with UNSUBSCRIBE', async () => {
    const world = new World({ limits: { maxInflight: 10 } });
    const sender = await world.connected({ clientId: 'p' });
    for (let i = 0; i < 300; i++) {
      sender.socket.feed(publish({ topic: `t/${i}`, payload: 'x', qos: 1, id: 1, retain: true }));
    }
    await sender.exchange();
    const client = await world.connected({ clientId: 's' });
    const packets = await client.exchange(subscribe(1, ['t/#', 1]), unsubscribe(2, 't/#'));
    client.putBack(packets);
    expect((await client.drain()).length).to.be.below(129);
  });

  it('go on after a reconnect of a persistent session, none left out', async () => {
    const world = new World({ limits: { maxInflight: 10 } });
    const sender = await world.connected({ clientId: 'p' });
    for (let i = 0; i < 300; i++) {
      sender.socket.feed(
        publish({ topic: `t/${i}`, payload: `${i}`, qos: 1, id: 1, retain: true }),
      );
    }
    await sender.exchange();
    const session = { clientId: 's', clean: false };
    const first = await world.connected(session);
    const seen = new Set<string>();
    for (const { payload } of await first.publishes(subscribe(1, ['t/#', 2]))) {
      seen.add(payload.toString());
    }
    expect(seen.size).to.equal(10);
    await first.exchange(DISCONNECT);
    const second = await world.connected(session);
    expect(second.sessionPresent).to.equal(true);
    for (const payload of await second.drain()) seen.add(payload);
    expect(seen.size).to.equal(300);
    await second.exchange(DISCONNECT);
    const third = await world.connected(session);
    expect(await third.drain()).to.deep.equal([]);
  });

  it('never follow a newer message of their topic', async () => {
    const world = new World({ limits: { maxInflight: 8 } });
    const sender = await world.connected({ clientId: 'p' });
    const topics = Array.from({ length: 100 }, (_, i) => `t/${i}`);
    for (const topic of topics) {
      sender.socket.feed(publish({ topic, payload: '0', qos: 1, id: 1, retain: true }));
    }
    await sender.exchange();
    const client = await world.connected({ clientId: 's', clean: false });
    client.socket.feed(subscribe(1, ['t/#', 1]));
    const last = new Map<string, number>();
    for (let round = 1; round < 80; round++) {
      const topic = topics[(round * 37) % topics.length]!;
      sender.socket.feed(publish({ topic, payload: `${round}`, qos: 1, id: 1, retain: true }));
      const answers: Buffer[] = [];
      for (const message of await client.publishes()) {
        answers.push(puback(message.id));
        const value = Number(message.payload.toString());
        expect(value).to.be.at.least(last.get(message.topic) ?? 0);
        last.set(message.topic, value);
      }
      if (round % 3 === 0) client.socket.feed(...answers);
      else if (answers.length > 0) client.socket.feed(answers[0]!);
    }
  });

  it('reach a P2P reader without loss of a P2P message that comes at the same time', async () => {
    const world = new World();
    const sender = await world.connected({ clientId: 'p' });
    await retain(sender, 'a', 'x');
    const client = await world.connected({ clientId: 's' });
    sender.socket.feed(publish({ topic: 'a/p2p/s', payload: 'to you', qos: 1, id: 1 }));
    client.socket.feed(subscribe(1, ['a', 1]));
    expect(await client.drain()).to.have.members(['x', 'to you']);
  });
});
