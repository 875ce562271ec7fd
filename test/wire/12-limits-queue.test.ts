import { puback, publish } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { LIMITED, LIMITS } from './limits.ts';
import { useWire, type Wire } from './wire.ts';

const SENT = 25;

async function publishMany(wire: Wire, topic: string): Promise<void> {
  const publisher = await wire.connected();
  for (let id = 1; id <= SENT; id++) {
    publisher.send(publish({ topic, qos: 1, id, payload: String(id) }));
    await publisher.expect(puback(id));
  }
}

/** A session that has been away gets the messages from `first` to `last`. */
async function expectMessages(
  wire: Wire,
  clientId: string,
  topic: string,
  first: number,
  last: number,
): Promise<void> {
  const client = await wire.connected({ clientId, clean: false }, true);
  for (let number = first, id = 1; number <= last; number++, id++) {
    await client.expect(publish({ topic, qos: 1, id, payload: String(number) }));
    client.send(puback(id));
  }
  await client.expectNothing();
}

for (const policy of ['dropOldest', 'dropNewest'] as const) {
  describe(`wire: 12 limits: messages that wait for a session, ${policy}`, () => {
    // mosquitto drops the newest.
    if (isMosquitto && policy === 'dropOldest') return;
    const wire = useWire({
      ...LIMITED,
      apart: policy,
      environment: { ...LIMITED.environment, LMQTT_CONNECT_QUEUE_FULL_POLICY: policy },
    });
    const [first, last] =
      policy === 'dropOldest'
        ? [SENT - LIMITS.queuedMessages + 1, SENT]
        : [1, LIMITS.queuedMessages];

    for (const how of ['', ', also when the server is killed meanwhile']) {
      it(`is as long as is allowed while the client is away${how}`, async () => {
        const clientId = wire.name('away');
        const topic = wire.name('q');
        const client = await wire.subscribed(topic, 1, { clientId, clean: false });
        await client.drop();
        await publishMany(wire, topic);
        if (how !== '') {
          await wire.closeClients();
          await wire.broker.crash();
          await wire.broker.restart();
        }
        await expectMessages(wire, clientId, topic, first, last);
      });
    }
  });
}
