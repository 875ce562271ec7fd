import { setTimeout as sleep } from 'node:timers/promises';
import { connect, PINGREQ, PINGRESP } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

describe('wire: 01 CONNECT must come in time', () => {
  // mosquitto gives such sockets a minute.
  if (isMosquitto) return;
  const wire = useWire({ connectTimeoutMs: 1_000 });

  it('closes a socket that never sends a whole CONNECT, and no other (MQTT 3.1.1, 3.1)', async () => {
    const silent = await wire.open();
    const started = await wire.open();
    started.send(connect({ clientId: 'never' }).subarray(0, 5));
    const connected = await wire.connected({ keepAlive: 0 });
    await silent.expectClose();
    await started.expectClose();
    connected.send(PINGREQ);
    await connected.expect(PINGRESP);
  });

  it('closes a socket that trickles its CONNECT', async () => {
    const client = await wire.open();
    const bytes = connect({ clientId: 'trickle' });
    for (let i = 0; i < bytes.length - 1 && !client.closed; i++) {
      client.send(bytes.subarray(i, i + 1));
      await sleep(150);
    }
    await client.expectClose();
  });
});
