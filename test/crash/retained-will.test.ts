import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../helpers/broker.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import {
  connack,
  connect,
  DISCONNECT,
  puback,
  pubcomp,
  publish,
  pubrec,
  suback,
  subscribe,
} from '../helpers/packets.ts';
import { Random } from '../helpers/random.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { disposeBroker, startBroker } from '../helpers/start-broker.ts';

const KILLS = Number(process.env['LMQTT_TEST_RETAINED_KILLS'] ?? 10);
const MAX_LIFE_MS = 200;
const TOPICS = Array.from({ length: 8 }, (_, i) => `kept/${i}`);
const WATCHER = { clientId: 'watcher', clean: false } as const;

/** What the server has promised about retained messages: an empty text is none. */
class RetainedModel {
  readonly acknowledged: Map<string, string> = new Map<string, string>(TOPICS.map((t) => [t, '']));
  /** Sent and not acknowledged: it may or may not be there. */
  pending: { topic: string; text: string } | undefined;
  count = 0;

  /** Holds what is retained against what may be. */
  check(found: ReadonlyMap<string, string>): void {
    for (const [topic, text] of this.acknowledged) {
      const actual = found.get(topic) ?? '';
      const allowed = [text];
      if (this.pending?.topic === topic) allowed.push(this.pending.text);
      expect(allowed, `retained message of ${topic}`).to.include(actual);
      this.acknowledged.set(topic, actual);
    }
    this.pending = undefined;
  }
}

describe('crash: retained messages and wills', () => {
  let broker: Broker;
  let random: Random;

  before('start the server', async function (this: Mocha.Context) {
    this.timeout(60_000);
    random = Random.fromEnvironment();
    console.log(`      LMQTT_TEST_SEED=${random.seed}`);
    broker = await startBroker({ compiled: isBuildCurrent() });
  });

  after('stop the server', async function (this: Mocha.Context) {
    this.timeout(30_000);
    await disposeBroker(broker);
  });

  async function connected(
    fields: Parameters<typeof connect>[0],
    sessionPresent = false,
  ): Promise<RawClient> {
    const client = await RawClient.open(broker);
    client.send(connect(fields));
    await client.expect(connack(0, sessionPresent));
    return client;
  }

  /** Sets and clears retained messages, one at a time, until the server dies. */
  async function publishUntilDeath(model: RetainedModel, life: number): Promise<void> {
    try {
      const client = await connected({ clientId: `publisher-${life}` });
      for (let id = 1; ; id = (id % 60_000) + 1) {
        const topic = random.pick(TOPICS);
        const text = random.chance(0.2) ? '' : `${life}.${id}`;
        model.pending = { topic, text };
        client.send(publish({ topic, payload: text, qos: 1, id, retain: true }));
        await client.expect(puback(id));
        model.acknowledged.set(topic, text);
        model.pending = undefined;
        model.count++;
      }
    } catch {
      // The server has gone: `pending` says what was on its way.
    }
  }

  /** Connects clients with a will until the server dies; those with CONNACK are in `accepted`. */
  async function willsUntilDeath(
    accepted: Set<string>,
    tried: Set<string>,
    life: number,
  ): Promise<void> {
    try {
      for (let i = 0; i < 20; i++) {
        const payload = `${life}.${i}`;
        const will = { topic: 'wills', payload, qos: 2 } as const;
        tried.add(payload);
        const client = await connected({ clientId: `mortal-${life}-${i}`, keepAlive: 0, will });
        accepted.add(payload);
        // Some end before the crash, with a will that is due at once.
        if (i % 3 === 0) await client.drop();
      }
    } catch {
      // The server has gone.
    }
  }

  /** What a new subscriber gets. */
  async function retained(life: number): Promise<Map<string, string>> {
    const client = await connected({ clientId: `reader-${life}` });
    client.send(subscribe(1, ['kept/#', 1]));
    await client.expect(suback(1, 1));
    const found = new Map<string, string>();
    for (;;) {
      const packet = await client.readPacket(150).catch(() => undefined);
      if (packet?.type !== 'publish') break;
      expect(packet.retain).to.equal(true);
      expect(found.has(packet.topic), `${packet.topic} twice`).to.equal(false);
      found.set(packet.topic, packet.payload.toString());
      client.send(puback(packet.id));
    }
    await client.drop();
    return found;
  }

  /** Every will that has come, through a session that was away all the time. */
  async function receivedWills(): Promise<string[]> {
    const client = await connected(WATCHER, true);
    const payloads: string[] = [];
    for (;;) {
      const packet = await client.readPacket(500).catch(() => undefined);
      if (packet === undefined) break;
      if (packet.type === 'publish') {
        payloads.push(packet.payload.toString());
        client.send(pubrec(packet.id));
      } else if (packet.type === 'pubrel') {
        client.send(pubcomp(packet.id));
      }
    }
    await client.drop();
    return payloads;
  }

  it(`keeps the last acknowledged message of each topic and sends each will exactly once over ${KILLS} kills [MQTT-3.3.1-5] [MQTT-3.1.2-8]`, async function () {
    this.timeout(30_000 + KILLS * 5_000);
    const watcher = await connected(WATCHER);
    watcher.send(subscribe(1, ['wills', 2]));
    await watcher.expect(suback(1, 2));
    watcher.send(DISCONNECT);
    await watcher.expectClose();
    const model = new RetainedModel();
    const accepted = new Set<string>();
    const tried = new Set<string>();
    for (let life = 1; life <= KILLS; life++) {
      const clients = [publishUntilDeath(model, life), willsUntilDeath(accepted, tried, life)];
      await sleep(random.below(MAX_LIFE_MS));
      await broker.crash();
      await Promise.all(clients);
      await broker.restart();
      model.check(await retained(life));
    }
    const wills = await receivedWills();
    expect(new Set(wills).size, 'a will came twice').to.equal(wills.length);
    expect([...accepted].filter((payload) => !wills.includes(payload))).to.deep.equal([]);
    expect(wills.filter((payload) => !tried.has(payload))).to.deep.equal([]);
    console.log(`      ${model.count} retained messages acknowledged, ${wills.length} wills`);
    expect(model.count).to.be.above(KILLS);
    expect(accepted.size).to.be.above(KILLS);
  });

  it('sends the wills of the connections that a stop in good order closes [MQTT-3.1.2-8]', async function () {
    this.timeout(30_000);
    const will = { topic: 'wills', payload: 'at the stop', qos: 2 } as const;
    const client = await connected({ clientId: 'mortal', will });
    await broker.stop();
    await client.expectClose();
    await broker.restart();
    expect(await receivedWills()).to.deep.equal(['at the stop']);
  });
});
