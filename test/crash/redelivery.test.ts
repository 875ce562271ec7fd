import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  connack,
  connect,
  PINGREQ,
  PINGRESP,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  suback,
  subscribe,
  type ConnectFields,
  type QoS,
} from '../helpers/packets.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import { useCrashBroker } from './crash-broker.ts';

const PAYLOADS = ['a', 'b', 'c', 'd', 'e'];
/** Longer than sessionFlushIntervalMs at its default. */
const FLUSHED_MS = 1_500;

describe('crash: what a session knows after a restart', () => {
  const server = useCrashBroker(30_000);

  async function connected(fields: ConnectFields, sessionPresent = false): Promise<RawClient> {
    const client = await server.open();
    client.send(connect(fields));
    await client.expect(connack(0, sessionPresent));
    return client;
  }

  /** A persistent session that has received all payloads with ids from 1 and acknowledged nothing. */
  async function receiver(clientId: string, qos: QoS): Promise<RawClient> {
    const client = await connected({ clientId, clean: false });
    client.send(subscribe(1, [clientId, qos]));
    await client.expect(suback(1, qos));
    const sender = await connected({ clientId: `${clientId}-sender` });
    for (const [i, payload] of PAYLOADS.entries()) {
      sender.send(publish({ topic: clientId, payload, qos: 2, id: i + 1 }));
      await sender.expect(pubrec(i + 1));
      sender.send(pubrel(i + 1));
      await sender.expect(pubcomp(i + 1));
      await client.expect(publish({ topic: clientId, payload, qos, id: i + 1 }));
    }
    return client;
  }

  for (const qos of [1, 2] as const) {
    it(`sends QoS ${qos} messages without acknowledgement again with DUP and their ids [MQTT-4.4.0-1] [MQTT-3.3.1-1]`, async () => {
      const clientId = `unacknowledged${qos}`;
      await receiver(clientId, qos);
      await server.crash();
      const again = await connected({ clientId, clean: false }, true);
      for (const [i, payload] of PAYLOADS.entries()) {
        await again.expect(publish({ topic: clientId, payload, qos, id: i + 1, dup: true }));
      }
      await again.expectNothing();
    });
  }

  it('does not send QoS 1 messages again that were acknowledged a while ago [MQTT-4.3.2-1]', async () => {
    const clientId = 'acknowledged1';
    const client = await receiver(clientId, 1);
    client.send(...PAYLOADS.map((_, i) => puback(i + 1)));
    await sleep(FLUSHED_MS);
    await server.crash();
    const again = await connected({ clientId, clean: false }, true);
    await again.expectNothing();
  });

  it('marks QoS 1 messages with DUP where it sends them again in spite of a late PUBACK [MQTT-3.3.1-1]', async () => {
    const clientId = 'acknowledged-just-now';
    const client = await receiver(clientId, 1);
    client.send(...PAYLOADS.map((_, i) => puback(i + 1)));
    await sleep(50);
    await server.crash();
    const again = await connected({ clientId, clean: false }, true);
    for (;;) {
      const packet = await again.readPacket(300).catch(() => undefined);
      if (packet === undefined) break;
      expect(packet).to.include({ type: 'publish', dup: true });
    }
  });

  it('sends nothing again that was acknowledged before a stop in good order', async () => {
    const clientId = 'stopped';
    const client = await receiver(clientId, 1);
    client.send(...PAYLOADS.slice(0, 3).map((_, i) => puback(i + 1)), PINGREQ);
    await client.expect(PINGRESP);
    await server.broker.stop();
    await server.broker.restart();
    const again = await connected({ clientId, clean: false }, true);
    await again.expect(publish({ topic: clientId, payload: 'd', qos: 1, id: 4, dup: true }));
    await again.expect(publish({ topic: clientId, payload: 'e', qos: 1, id: 5, dup: true }));
    await again.expectNothing();
  });

  it('goes on with PUBREL where PUBREC came before, and not at all after PUBCOMP [MQTT-4.3.3-1] [MQTT-4.4.0-1]', async () => {
    const clientId = 'released';
    const client = await receiver(clientId, 2);
    client.send(pubrec(1), pubrec(2), pubrec(3));
    await client.expect(pubrel(1), pubrel(2), pubrel(3));
    client.send(pubcomp(1));
    await sleep(FLUSHED_MS);
    await server.crash();
    const again = await connected({ clientId, clean: false }, true);
    await again.expect(pubrel(2), pubrel(3));
    await again.expect(publish({ topic: clientId, payload: 'd', qos: 2, id: 4, dup: true }));
    await again.expect(publish({ topic: clientId, payload: 'e', qos: 2, id: 5, dup: true }));
    await again.expectNothing();
  });

  it('remembers the ids of unreleased messages of a publisher [MQTT-4.3.3-2] [MQTT-4.4.0-1]', async () => {
    const topic = 'unreleased';
    const watcher = { clientId: 'unreleased-watcher', clean: false };
    const client = await connected(watcher);
    client.send(subscribe(1, [topic, 1]));
    await client.expect(suback(1, 1));
    const session = { clientId: 'unreleased-sender', clean: false };
    const sender = await connected(session);
    sender.send(publish({ topic, payload: 'once', qos: 2, id: 9 }));
    await sender.expect(pubrec(9));
    await server.crash();
    const again = await connected(session, true);
    again.send(publish({ topic, payload: 'once', qos: 2, id: 9, dup: true }));
    await again.expect(pubrec(9));
    again.send(pubrel(9));
    await again.expect(pubcomp(9));
    const reader = await connected(watcher, true);
    expect((await reader.readPublish()).payload.toString()).to.equal('once');
    await reader.expectNothing();
  });

  it('remembers them however many there are, and forgets those that are released [MQTT-4.3.3-2] [MQTT-4.4.0-1]', async () => {
    const topic = 'many-unreleased';
    const watcher = { clientId: 'many-watcher', clean: false };
    const client = await connected(watcher);
    client.send(subscribe(1, [topic, 1]));
    await client.expect(suback(1, 1));
    const session = { clientId: 'many-sender', clean: false };
    const sender = await connected(session);
    // None next to another: they are saved in pages.
    const ids = Array.from({ length: 1000 }, (_, i) => 1 + i * 3);
    const message = (id: number, dup = false) =>
      publish({ topic, payload: String(id), qos: 2, id, dup });
    sender.send(...ids.map((id) => message(id)));
    for (const id of ids) await sender.expect(pubrec(id));
    sender.send(pubrel(1), pubrel(1501));
    await sender.expect(pubcomp(1), pubcomp(1501));
    await server.crash();
    const again = await connected(session, true);
    again.send(...ids.map((id) => message(id, true)));
    for (const id of ids) await again.expect(pubrec(id));
    const reader = await connected(watcher, true);
    const payloads: string[] = [];
    while (payloads.length < ids.length + 2) {
      const { payload, id } = await reader.readPublish();
      payloads.push(payload.toString());
      reader.send(puback(id));
    }
    await reader.expectNothing();
    // Whose identifier was free is a new message.
    expect(payloads).to.deep.equal([...ids.map(String), '1', '1501']);
  });
});
