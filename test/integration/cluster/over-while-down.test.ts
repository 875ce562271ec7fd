import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client5 } from '../../wire5/client5.ts';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { GatewayProcess } from '../../helpers/gateway-process.ts';
import {
  ack5,
  connect5,
  disconnect5,
  publish5,
  subscribe5,
  type Will5,
} from '../../helpers/packets5.ts';
import { type Address, RawClient } from '../../helpers/raw-client.ts';
import { removeTempDir } from '../../helpers/temp-dir.ts';

const SHORT_SECONDS = 2;
const LONG_SECONDS = 600;
/** Everything is down until what is short is over. */
const DOWN_MS = SHORT_SECONDS * 1000 + 300;
/** What a server without acknowledgement does with a connection that has ended is on disk by then. */
const SETTLED_MS = 500;
const LATEST_MS = 30_000;

/** All processes of a server, which are killed and started together. */
interface Servers {
  /** Where clients connect, each to the next one. */
  readonly addresses: readonly Address[];
  crash(): Promise<void>;
  restart(): Promise<void>;
  dispose(): Promise<void>;
}

async function processes(environment: Readonly<Record<string, string>> = {}): Promise<Servers> {
  const compiled = isBuildCurrent();
  const options = { maxPacketBytes: 65_536, maxInflight: 32, compiled, environment };
  const gateway = await GatewayProcess.create(options);
  await gateway.restart();
  return {
    addresses: [gateway],
    crash: () => gateway.crash(),
    restart: () => gateway.restart(),
    dispose: async () => {
      await gateway.crash();
      await removeTempDir(gateway.dataDir);
    },
  };
}

async function roles(): Promise<Servers> {
  const cluster = await Cluster.start({ compiled: isBuildCurrent() });
  return {
    addresses: cluster.gateways,
    crash: async () => {
      await Promise.all(cluster.nodes.map((node) => node.crash()));
    },
    restart: async () => {
      for (const node of cluster.nodes) node.launch();
      await Promise.all(cluster.nodes.map((node) => node.untilReady()));
    },
    dispose: () => cluster.dispose(),
  };
}

const SERVERS: Readonly<Record<string, () => Promise<Servers>>> = {
  'one process': () => processes(),
  'two workers': () =>
    processes({ LMQTT_CONNECT_WORKERS: '2', LMQTT_CONNECT_WORKERS_BEYOND_CORES: 'true' }),
  'name server, store and two gateways': roles,
};

for (const [kind, start] of Object.entries(SERVERS)) {
  describe(`cluster: what is over while everything is down, ${kind}`, function () {
    this.timeout(120_000);
    let servers: Servers;
    let count = 0;
    const clients: RawClient[] = [];

    beforeEach(async () => {
      servers = await start();
    });
    afterEach(async () => {
      await Promise.all(clients.splice(0).map((client) => client.drop()));
      await servers.dispose();
    });

    async function connected(
      clientId: string,
      sessionSeconds = LONG_SECONDS,
      will?: Will5,
    ): Promise<Client5> {
      const properties = [['sessionExpiry', sessionSeconds]] as const;
      const fields = { clientId, clean: false, keepAlive: 0, properties };
      const packet = connect5(will === undefined ? fields : { ...fields, will });
      return eventually(
        `CONNACK for ${clientId}`,
        async () => {
          const { addresses } = servers;
          const raw = await RawClient.open(addresses[count++ % addresses.length] as Address);
          clients.push(raw);
          raw.send(packet);
          const client = await Client5.accept(raw);
          return client.connack.code === 0 ? client : undefined;
        },
        LATEST_MS,
      );
    }

    /** A client with a will that has its own id as the payload. */
    async function mortal(id: string, delaySeconds: number, expiry?: number): Promise<Client5> {
      const properties = [['willDelay', delaySeconds]] as const;
      return connected(id, expiry, { topic: `wills/${id}`, payload: id, qos: 2, properties });
    }

    /** The wills that come up to and with a message that is published now; all are of QoS 2. */
    async function wills(): Promise<string[]> {
      const watcher = await connected('watcher');
      expect(watcher.connack.sessionPresent).to.equal(true);
      const last = `end ${String(count)}`;
      const sender = await connected('sender', 0);
      sender.send(publish5({ topic: 'wills/end', payload: last, qos: 2, id: 1 }));
      await sender.accepted('pubrec', 1);
      sender.send(ack5('pubrel', 1));
      await sender.ack('pubcomp', 1);
      const payloads: string[] = [];
      while (!payloads.includes(last)) {
        const packet = await watcher.read(LATEST_MS);
        if (packet.type === 'publish') {
          payloads.push(packet.payload.toString());
          watcher.send(ack5('pubrec', packet.id));
        } else if (packet.type === 'pubrel') {
          watcher.send(ack5('pubcomp', packet.id));
        }
      }
      await sleep(SETTLED_MS);
      await watcher.raw.drop();
      return payloads.filter((payload) => payload !== last);
    }

    it('sessions have ended, wills come once, retained messages are gone [MQTT-3.1.2-8] [MQTT-3.1.3-9] [MQTT-4.1.0-2]', async () => {
      const watcher = await connected('watcher');
      watcher.send(subscribe5(1, [['wills/#', 2]]));
      await watcher.suback(1, 2);
      await watcher.raw.drop();
      for (const [id, seconds] of [
        ['ended', SHORT_SECONDS],
        ['goes-on', LONG_SECONDS],
      ] as const) {
        const client = await connected(id, seconds);
        client.send(disconnect5());
        await client.raw.expectClose();
      }
      const publisher = await connected('publisher', 0);
      for (const [id, topic, seconds] of [
        [1, 'kept/short', SHORT_SECONDS],
        [2, 'kept/long', LONG_SECONDS],
      ] as const) {
        const properties = [['messageExpiry', seconds]] as const;
        publisher.send(publish5({ topic, payload: 'kept', qos: 1, id, retain: true, properties }));
        await publisher.accepted('puback', id);
      }
      await mortal('connected', 0);
      const delayed = [
        await mortal('delay-over', SHORT_SECONDS),
        await mortal('delay-over-and-back', SHORT_SECONDS),
        await mortal('session-over', LONG_SECONDS, SHORT_SECONDS),
        await mortal('back-in-time', LONG_SECONDS),
        await mortal('waits', LONG_SECONDS),
      ];
      await Promise.all(delayed.map((client) => client.raw.drop()));
      const polite = await mortal('polite', 0);
      polite.send(disconnect5());
      await polite.raw.expectClose();
      await sleep(SETTLED_MS);

      await servers.crash();
      await sleep(DOWN_MS);
      await servers.restart();
      for (const id of ['delay-over-and-back', 'back-in-time'])
        expect((await connected(id)).connack.sessionPresent, id).to.equal(true);
      expect((await connected('ended')).connack.sessionPresent, 'ended').to.equal(false);
      expect((await connected('goes-on')).connack.sessionPresent, 'goes-on').to.equal(true);
      const reader = await connected('reader', 0);
      reader.send(subscribe5(1, [['kept/+', 0]]));
      await reader.suback(1, 0);
      const { properties } = await reader.publish({ topic: 'kept/long', retain: true });
      const left = properties.find(([name]) => name === 'messageExpiry')?.[1];
      expect(left).to.be.within(1, LONG_SECONDS - SHORT_SECONDS);
      await reader.ping();

      const due = ['connected', 'delay-over', 'delay-over-and-back', 'session-over'];
      const come: string[] = [];
      const missing = (): string[] => due.filter((id) => !come.includes(id));
      await eventually(
        'the wills that are due',
        async () => {
          come.push(...(await wills()));
          return missing().length === 0;
        },
        LATEST_MS,
      );
      expect([...come].sort()).to.deep.equal(due);

      await servers.crash();
      await servers.restart();
      await sleep(SETTLED_MS);
      expect(await wills(), 'again').to.deep.equal([]);
    });
  });
}
