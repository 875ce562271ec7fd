import { ack5, connect5, publish5, subscribe5 } from '../helpers/packets5.ts';
import type { Properties } from '../helpers/properties5.ts';
import { Client5 } from '../wire5/client5.ts';
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { useCrashBroker } from './crash-broker.ts';

const PROPERTIES = [
  ['contentType', 'text/plain'],
  ['user', ['b', '1']],
  ['user', ['a', '2']],
] as const satisfies Properties;
const EXPIRY: Properties = [['sessionExpiry', 600]];

describe('crash: what a session of 5.0 knows after SIGKILL', () => {
  const server = useCrashBroker(30_000);

  async function connected(
    clientId: string,
    sessionPresent: boolean,
    properties = EXPIRY,
  ): Promise<Client5> {
    const raw = await server.open();
    raw.send(connect5({ clientId, clean: false, properties }));
    const client = await Client5.accept(raw);
    expect(client.connack).to.include({ code: 0, sessionPresent });
    return client;
  }

  /** Publishes at QoS 2 and waits until the flow is complete. */
  async function publish(topic: string, ...payloads: readonly string[]): Promise<void> {
    const sender = await connected(`${topic}-sender`, false, []);
    for (const [i, payload] of payloads.entries()) {
      const id = i + 1;
      sender.send(publish5({ topic, payload, qos: 2, id, properties: PROPERTIES }));
      await sender.accepted('pubrec', id);
      sender.send(ack5('pubrel', id));
      await sender.ack('pubcomp', id);
    }
  }

  for (const qos of [1, 2] as const) {
    it(`sends QoS ${qos} again with DUP, its id, its properties and its subscription identifier [MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT-3.3.2-17]`, async () => {
      const topic = `unacknowledged5-${qos}`;
      const client = await connected(topic, false);
      client.send(subscribe5(1, [[topic, qos]], [['subscriptionId', 7]]));
      await client.suback(1, qos);
      await publish(topic, 'a', 'b');
      await client.publish({ payload: 'a', id: 1, qos });
      await client.publish({ payload: 'b', id: 2, qos });
      await server.crash();
      const again = await connected(topic, true);
      for (const [i, payload] of ['a', 'b'].entries()) {
        const packet = await again.publish({ payload, qos, id: i + 1, dup: true });
        expect(packet.properties).to.have.deep.members([['subscriptionId', 7], ...PROPERTIES]);
      }
      await again.raw.expectNothing();
    });
  }

  it('keeps subscriptions with their options [MQTT-3.1.2-5]', async () => {
    const topic = 'options5';
    const client = await connected(topic, false);
    const options = { noLocal: true, retainAsPublished: true };
    client.send(subscribe5(1, [[topic, 1, options]], [['subscriptionId', 300]]));
    await client.suback(1, 1);
    await server.crash();
    const again = await connected(topic, true);
    again.send(publish5({ topic, payload: 'own', qos: 1, id: 1 }));
    await again.accepted('puback', 1);
    await publish(topic, 'of another');
    const packet = await again.publish({ payload: 'of another' });
    expect(packet.properties).to.deep.include(['subscriptionId', 300]);
    await again.raw.expectNothing(50);
  });

  it('goes on with PUBREL where PUBREC came before, and not at all after a PUBREC with an error [MQTT-4.4.0-1] [MQTT-4.4.0-2]', async () => {
    const topic = 'released5';
    const client = await connected(topic, false);
    client.send(subscribe5(1, [[topic, 2]]));
    await client.suback(1, 2);
    await publish(topic, 'a', 'b');
    await client.publish({ payload: 'a', id: 1, qos: 2 });
    await client.publish({ payload: 'b', id: 2, qos: 2 });
    client.send(ack5('pubrec', 1), ack5('pubrec', 2, 0x97));
    await client.ack('pubrel', 1);
    // Longer than sessionFlushIntervalMs: the end of the second flow is saved by then.
    await sleep(1_500);
    await server.crash();
    const again = await connected(topic, true);
    await again.ack('pubrel', 1);
    await again.raw.expectNothing();
  });

  it('ends a session whose expiry interval passed while the server was down or up again [MQTT-4.1.0-2]', async () => {
    const clientId = 'expired5';
    const client = await connected(clientId, false, [['sessionExpiry', 1]]);
    client.send(subscribe5(1, [[clientId, 1]]));
    await client.suback(1, 1);
    await client.raw.drop();
    await sleep(300);
    await server.broker.crash();
    await sleep(2_500);
    await server.broker.restart();
    await connected(clientId, false);
  });
});
