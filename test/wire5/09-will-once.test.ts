import { connect5, disconnect5 } from '../helpers/packets5.ts';
import { LONG, useWire5 } from './wire5.ts';

describe('wire5: 09 a will that has been published', () => {
  const wire = useWire5();

  it('has gone: the connections of the session that follow do not publish it [MQTT-3.1.2-10]', async () => {
    const topic = wire.name('will');
    const clientId = wire.name('mortal');
    const watcher = await wire.subscribed(topic, 1);
    const properties = [['sessionExpiry', LONG]] as const;
    const will = { topic, payload: 'gone', qos: 1 } as const;
    const first = await wire.connected({ clientId, properties, will });
    await first.raw.drop();
    await watcher.publish({ payload: 'gone' });
    const again = await wire.connected({ clientId, clean: false, properties }, true);
    await again.raw.drop();
    const third = await wire.connected({ clientId, clean: false, properties }, true);
    third.send(disconnect5(0x04));
    await third.raw.expectClose();
    const clean = await wire.answered(0, connect5({ clientId }));
    await clean.raw.drop();
    await watcher.raw.expectNothing();
  });
});
