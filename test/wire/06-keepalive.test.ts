import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { PINGREQ, PINGRESP, publish } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

describe('wire: 06 keep-alive', () => {
  const wire = useWire();

  it('answers PINGREQ with PINGRESP [MQTT-3.12.4-1]', async () => {
    const client = await wire.connected();
    client.send('c0 00');
    await client.expect('d0 00');
    client.send(PINGREQ, PINGREQ, PINGREQ);
    await client.expect(PINGRESP, PINGRESP, PINGRESP);
  });

  it('closes after one and a half times the keep-alive of silence, not before it [MQTT-3.1.2-24]', async () => {
    const client = await wire.connected({ keepAlive: 1 });
    const start = performance.now();
    await client.expectClose(8_000);
    const silentMs = performance.now() - start;
    // mosquitto looks once a second only, and may be up to that too early or late.
    expect(silentMs).to.be.within(isMosquitto ? 900 : 1_400, isMosquitto ? 5_000 : 3_500);
  });

  it('stays while any packet comes in time, and with keep-alive 0 for ever [MQTT-3.1.2-23]', async () => {
    const off = await wire.connected({ keepAlive: 0 });
    const pinging = await wire.connected({ keepAlive: 1 });
    const publishing = await wire.connected({ keepAlive: 1 });
    for (let i = 0; i < 5; i++) {
      await sleep(650);
      pinging.send(PINGREQ);
      publishing.send(publish({ topic: wire.name('alive') }));
      await pinging.expect(PINGRESP);
    }
    await off.expectNothing(1);
    publishing.send(PINGREQ);
    await publishing.expect(PINGRESP);
  });

  it('does not count what the server sends as a sign of life [MQTT-3.1.2-24]', async () => {
    const topic = wire.name('talk');
    const client = await wire.subscribed(topic, 0, { keepAlive: 1 });
    const sender = await wire.connected();
    const start = performance.now();
    while (!client.closed && performance.now() - start < 5_000) {
      sender.send(publish({ topic, payload: 'x' }));
      await sleep(50);
    }
    expect(client.closed).to.equal(true);
  });
});
