import { expect } from 'chai';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { freePort } from '../../helpers/free-port.ts';
import { connect, publish, pubcomp, pubrec, pubrel } from '../../helpers/packets.ts';
import { RawClient } from '../../helpers/raw-client.ts';
import { TcpProxy } from '../../helpers/tcp-proxy.ts';
import { Clients } from './clients.ts';
import { helloOf } from './hello-of.ts';
import { Placement, tableOf } from './placement.ts';

/** The home gives a dead gateway up long before the other store does, and that one before `connectTimeoutMs` is over. */
const HOME_LEASE_MS = 2_000;
const LEASE_BESIDE_MS = 7_000;
/** All addresses of 127.0.0.0/8 are this machine's on Linux only. */
const BESIDE_AS_SEEN = '127.0.0.2';
const HOME = 0;
const BESIDE = 1;
const PAYLOAD_BYTES = 20_000;
const LATE_MS = 60_000;

describe('cluster: what a dead gateway has sent to another store than the home of a session comes late', function () {
  this.timeout(300_000);
  let cluster: Cluster;
  let proxy: TcpProxy;
  let placement: Placement;
  const clients = new Clients();
  const raw: RawClient[] = [];

  beforeEach(async function () {
    if (process.platform !== 'linux') this.skip();
    cluster = await Cluster.create({ compiled: isBuildCurrent(), leaseMs: HOME_LEASE_MS });
    const beside = cluster.addStore(await freePort(), {
      LMQTT_LMQ_NODE_LEASE_MS: String(LEASE_BESIDE_MS),
      LMQTT_LMQ_BROKER_IP1: BESIDE_AS_SEEN,
    });
    proxy = await TcpProxy.start(beside, BESIDE_AS_SEEN, beside.port);
    await cluster.launch();
    placement = new Placement(tableOf(cluster));
  });
  afterEach(async () => {
    await Promise.all(raw.splice(0).map((client) => client.drop()));
    await clients.end();
    await cluster.dispose();
    await proxy.stop();
  });

  async function opened(gateway: number, clientId: string, isPresent: boolean): Promise<RawClient> {
    const client = await RawClient.open(cluster.gateway(gateway));
    raw.push(client);
    client.send(connect({ clientId, clean: false, keepAlive: 0 }));
    const answer = await client.readPacket(LATE_MS);
    expect(answer).to.deep.include({ type: 'connack', code: 0, sessionPresent: isPresent });
    return client;
  }

  for (const [when, liftsBefore] of [
    ['after the client has come back', false],
    ['while the client waits to come back', true],
  ] as const) {
    it(`${when}: a PUBLISH that is in it is stored once [MQTT-4.3.3-2]`, async () => {
      const [dying, other] = [cluster.gateway(0), cluster.gateway(1)];
      const topic = placement.topic(BESIDE, 'late/');
      const clientId = placement.clientId(HOME, 'late-');
      const subscriber = await clients.connect(other, placement.clientId(HOME, 'sub-'));
      await subscriber.mqtt.subscribeAsync(topic, { qos: 2 });
      const before = await opened(0, clientId, false);
      before.send(publish({ topic, qos: 2, id: 1, payload: 'first' }));
      await before.expect(pubrec(1));
      before.send(pubrel(1));
      await before.expect(pubcomp(1));

      proxy.quality = { isBlackHole: true, onlyWith: helloOf(dying) };
      const once = 'x'.repeat(PAYLOAD_BYTES);
      before.send(publish({ topic, qos: 2, id: 2, payload: once }));
      await eventually('the batch is under way', () => proxy.heldBytes > PAYLOAD_BYTES);
      await dying.crash();

      const opening = opened(1, clientId, true);
      if (liftsBefore) proxy.quality = {};
      const after = await opening;
      after.send(publish({ topic, qos: 2, id: 2, payload: once, dup: true }));
      await after.expect(pubrec(2));
      after.send(pubrel(2));
      await after.expect(pubcomp(2));
      proxy.quality = {};
      await eventually('the batch has come', () => proxy.heldBytes === 0, LATE_MS);
      after.send(publish({ topic, qos: 2, id: 3, payload: 'last' }));
      await eventually('the last message', () => subscriber.payloads.includes('last'), LATE_MS);
      expect(subscriber.payloads.map((payload) => payload.slice(0, 5))).to.deep.equal([
        'first',
        'xxxxx',
        'last',
      ]);
    });
  }
});
