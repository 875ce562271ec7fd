import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { numberOf } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 06 keep-alive', () => {
  const wire = useWire5();

  it('0x8D is said after one and a half times the keep-alive of silence [MQTT-3.1.2-22] [MQTT-3.2.2-22]', async () => {
    const client = await wire.connected({ keepAlive: 1 });
    expect(numberOf(client.connack.properties, 'serverKeepAlive')).to.equal(undefined);
    const start = performance.now();
    await client.disconnected(0x8d);
    expect(performance.now() - start).to.be.within(
      isMosquitto ? 900 : 1_400,
      isMosquitto ? 8_000 : 5_000,
    );
  });

  it('is not sent while PINGREQ comes in time, and answered; nor for keep-alive 0 [MQTT-3.12.4-1]', async () => {
    const off = await wire.connected({ keepAlive: 0 });
    const client = await wire.connected({ keepAlive: 1 });
    for (let i = 0; i < 4; i++) {
      await sleep(650);
      await client.ping();
    }
    await off.raw.expectNothing(1);
  });
});
