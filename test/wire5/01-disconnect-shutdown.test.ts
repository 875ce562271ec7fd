import { connect5 } from '../helpers/packets5.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { disposeBroker, isMosquitto, startBroker } from '../helpers/start-broker.ts';
import { Client5 } from './client5.ts';

describe('wire5: 01 DISCONNECT when the server stops', () => {
  it('0x8B is said on shutdown, to clients of 5.0 only (§3.14.2.1)', async function () {
    this.timeout(60_000);
    const broker = await startBroker();
    try {
      const raw = await RawClient.open(broker);
      raw.send(connect5({ clientId: 'guest' }));
      const client = await Client5.accept(raw);
      const stopped = broker.stop();
      if (!isMosquitto) await client.disconnected(0x8b);
      await stopped;
      await raw.drop();
    } finally {
      await disposeBroker(broker);
    }
  });
});
