import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { disconnect5 } from '../helpers/packets5.ts';
import { LONG, useWire5 } from './wire5.ts';

describe('wire5: 09 will', () => {
  const wire = useWire5();

  it('comes with its properties, in their order [MQTT-3.1.3-10]', async () => {
    const topic = wire.name('will');
    const watcher = await wire.subscribed(topic, 1);
    const kept = [
      ['payloadFormat', 1],
      ['contentType', 'text/plain'],
      ['responseTopic', 'a/b'],
      ['correlationData', Buffer.from([0, 1])],
      ['user', ['b', '2']],
      ['user', ['a', '1']],
    ] as const;
    const properties = [['willDelay', 0], ...kept, ['messageExpiry', 100]] as const;
    const client = await wire.connected({ will: { topic, payload: 'gone', qos: 1, properties } });
    await client.raw.drop();
    const packet = await watcher.publish({ topic, payload: 'gone', qos: 1 });
    const received = packet.properties.filter(([name]) => name !== 'messageExpiry');
    expect(received).to.deep.equal(kept);
    expect(packet.properties).to.have.lengthOf(kept.length + 1);
  });

  it('is published after DISCONNECT 0x04 and every other one but 0x00 [MQTT-3.1.2-10] [MQTT-3.14.4-3]', async () => {
    const topic = wire.name('will');
    const watcher = await wire.subscribed(topic, 0);
    for (const code of [0x04, 0x80, 0x00]) {
      const client = await wire.connected({ will: { topic, payload: String(code) } });
      client.send(disconnect5(code));
      await client.raw.expectClose();
      if (code !== 0) await watcher.publish({ topic, payload: String(code) });
    }
    await watcher.raw.expectNothing();
  });

  it('waits for its delay [MQTT-3.1.2-7] [MQTT-3.1.2-8]', async () => {
    const topic = wire.name('will');
    const watcher = await wire.subscribed(topic, 0);
    const client = await wire.connected({
      properties: [['sessionExpiry', LONG]],
      will: { topic, payload: 'late', properties: [['willDelay', 1]] },
    });
    await client.raw.drop();
    await watcher.raw.expectNothing(900);
    await sleep(1_000);
    await watcher.publish({ topic, payload: 'late' });
  });

  it('does not wait longer than the session lives [MQTT-3.1.2-8]', async () => {
    const topic = wire.name('will');
    const watcher = await wire.subscribed(topic, 0);
    const client = await wire.connected({
      will: { topic, payload: 'at once', properties: [['willDelay', LONG]] },
    });
    await client.raw.drop();
    await watcher.publish({ topic, payload: 'at once' });
  });

  it('is not sent when the session goes on within the delay [MQTT-3.1.3-9]', async () => {
    const topic = wire.name('will');
    const clientId = wire.name('back');
    const watcher = await wire.subscribed(topic, 0);
    const properties = [['sessionExpiry', LONG]] as const;
    const client = await wire.connected({
      clientId,
      properties,
      will: { topic, payload: 'no', properties: [['willDelay', 1]] },
    });
    await client.raw.drop();
    await wire.connected({ clientId, clean: false, properties }, true);
    await watcher.raw.expectNothing(2_500);
  });

  it('is sent at once when the next connection ends the session within the delay', async () => {
    const topic = wire.name('will');
    const clientId = wire.name('back');
    const watcher = await wire.subscribed(topic, 0);
    const client = await wire.connected({
      clientId,
      properties: [['sessionExpiry', LONG]],
      will: { topic, payload: 'yes', properties: [['willDelay', LONG]] },
    });
    await client.raw.drop();
    await wire.connected({ clientId, clean: true });
    await watcher.publish({ topic, payload: 'yes' });
  });

  it('of a session that is taken over is sent only if it has no delay [MQTT-3.1.4-3]', async () => {
    const topic = wire.name('will');
    const watcher = await wire.subscribed(topic, 0);
    for (const delay of [0, 1]) {
      const clientId = wire.name('twin');
      const properties = [['sessionExpiry', LONG]] as const;
      const will = { topic, payload: String(delay), properties: [['willDelay', delay]] as const };
      await wire.connected({ clientId, properties, will });
      await wire.connected({ clientId, clean: false, properties }, true);
    }
    await watcher.publish({ topic, payload: '0' });
    await watcher.raw.expectNothing(2_500);
  });
});
