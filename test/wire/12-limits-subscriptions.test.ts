import { suback, subscribe, unsuback, unsubscribe } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { LIMITED, LIMITS } from './limits.ts';
import { useWire } from './wire.ts';

describe('wire: 12 limits: subscriptions of a client', () => {
  // mosquitto has no such limit.
  if (isMosquitto) return;
  const wire = useWire(LIMITED);

  it('answers one too many with SUBACK 0x80 [MQTT-3.9.3-2], and takes one that is there again', async () => {
    const client = await wire.connected();
    client.send(subscribe(1, ['a', 0], ['b', 1], ['c', 2], ['d', 0], ['e', 0]));
    await client.expect(suback(1, 0, 1, 2, 0x80, 0x80));
    client.send(subscribe(2, ['a', 1]));
    await client.expect(suback(2, 1));
    client.send(unsubscribe(3, 'b'), subscribe(4, ['d', 2], ['e', 2]));
    await client.expect(unsuback(3), suback(4, 2, 0x80));
  });

  it('answers filters of a packet that has too many with SUBACK 0x80 [MQTT-3.8.4-5]', async () => {
    const client = await wire.connected();
    const filters = Array.from({ length: LIMITS.filtersPerPacket + 2 }, () => ['a', 1] as const);
    client.send(subscribe(1, ...filters));
    await client.expect(suback(1, 1, 1, 1, 1, 1, 1, 1, 1, 0x80, 0x80));
    client.send(unsubscribe(2, ...filters.slice(2).map(([filter]) => filter)));
    await client.expect(unsuback(2));
  });

  it('closes for an UNSUBSCRIBE with too many filters, which has no other answer', async () => {
    const client = await wire.connected();
    client.send(unsubscribe(1, ...Array<string>(LIMITS.filtersPerPacket + 1).fill('a')));
    await client.expectClose();
  });

  it('counts each client by itself', async () => {
    for (let i = 0; i < 2; i++) {
      const client = await wire.connected();
      client.send(subscribe(1, ['a', 0], ['b', 0], ['c', 0]));
      await client.expect(suback(1, 0, 0, 0));
    }
  });
});
