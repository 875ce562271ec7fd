import { useWire5 } from './wire5.ts';

const WILD = ['#', '+/#', '+/broker/#', '+/broker/clients/connected', '+', '+/+/+'];
const OWN = '$SYS/broker/clients/connected';

describe('wire5: 04 topics that begin with $', () => {
  const wire = useWire5({ environment: { LMQTT_CONNECT_SYS_TOPICS_INTERVAL: '1' } });

  it('do not match a filter that begins with a wildcard, retained or live [MQTT-4.7.2-1]', async () => {
    const early = await wire.connected();
    for (const filter of WILD) await wire.subscribe(early, filter, 0);
    // Live ones: something is published to $SYS while `early` is there.
    const watcher = await wire.subscribed('$SYS/#', 0, {}, { retainHandling: 2 });
    await wire.connected();
    await watcher.publish({ retain: false }, 15_000);
    await early.ping();
    // Retained ones: there are some.
    const reader = await wire.subscribed(OWN, 0);
    await reader.publish({ topic: OWN, retain: true });
    const late = await wire.connected();
    for (const filter of WILD) {
      await wire.subscribe(late, filter, 0);
      await late.ping();
    }
  });
});
