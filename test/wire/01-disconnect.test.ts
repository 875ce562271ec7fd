import { connect, DISCONNECT, PINGREQ, PINGRESP, publish } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 01 the end of a connection', () => {
  const wire = useWire();

  it('closes after DISCONNECT and answers nothing [MQTT-3.14.4-1]', async () => {
    const client = await wire.connected();
    client.send(DISCONNECT);
    await client.expectClose();
  });

  it('processes nothing behind DISCONNECT [MQTT-3.14.4-2]', async () => {
    const topic = wire.name('late');
    const watcher = await wire.subscribed(topic, 0);
    const client = await wire.connected();
    client.send(DISCONNECT, publish({ topic, payload: 'late' }));
    await client.expectClose();
    await watcher.expectNothing();
  });

  it('closes on DISCONNECT with header flags [MQTT-3.14.1-1]', async () => {
    const client = await wire.connected();
    client.send('e1 00');
    await client.expectClose();
  });

  it('closes its side when the client half-closes, and lives on', async () => {
    const client = await wire.connected();
    client.halfClose();
    await client.expectClose();
    const other = await wire.connected();
    other.send(PINGREQ);
    await other.expect(PINGRESP);
  });

  it('closes when the client half-closes before CONNECT or in the middle of a packet', async () => {
    const silent = await wire.open();
    silent.halfClose();
    await silent.expectClose();
    const cut = await wire.open();
    cut.send(connect({ clientId: 'cut' }).subarray(0, 9));
    cut.halfClose();
    await cut.expectClose();
  });

  it('processes what a client sent before it half-closed', async () => {
    const topic = wire.name('half');
    const watcher = await wire.subscribed(topic, 1);
    const client = await wire.connected();
    client.send(publish({ topic, payload: 'last words', qos: 1, id: 1 }));
    client.halfClose();
    await watcher.expect(publish({ topic, payload: 'last words', qos: 1, id: 1 }));
  });
});
