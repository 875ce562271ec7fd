import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Composition, Role } from '../../../src/cli/composition.ts';
import { loadConfig } from '../../../src/cli/config/load-all.ts';
import { createGatewayRole } from '../../../src/cli/gateway-role.ts';
import { createLmqRole } from '../../../src/cli/lmq-role.ts';
import { createNamesrvRole } from '../../../src/cli/namesrv-role.ts';
import { systemClock } from '../../../src/common/clock.ts';
import { type Logger, silentLogger } from '../../../src/common/logger.ts';
import { createRemoteStore } from '../../../src/lmq/remote/create-remote-store.ts';
import { eventually } from '../../helpers/eventually.ts';
import { Random } from '../../helpers/random.ts';
import { freePort } from '../../helpers/free-port.ts';
import { TcpProxy } from '../../helpers/tcp-proxy.ts';
import { makeTempDir, removeTempDir } from '../../helpers/temp-dir.ts';
import { Clients } from './clients.ts';

const NAME = 'g1';
/** All addresses of 127.0.0.0/8 are this machine's on Linux only. */
const STORE_AS_SEEN = '127.0.0.2';
const ROUNDS = 12;
/** So that a gateway takes a while to start. */
const DELAY_MS = 30;
/** As long as several attempts to begin anew. */
const QUIET_MS = 3_000;

describe('a gateway that is fenced', function () {
  this.timeout(180_000);
  const roles: Role[] = [];
  const clients = new Clients();
  let directory: string;
  let renewals = 0;
  let failures = 0;
  let proxy: TcpProxy | undefined;

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    directory = await makeTempDir();
  });
  after(async () => {
    await clients.end();
    for (const role of roles.toReversed()) await role.stop();
    await proxy?.stop();
    await removeTempDir(directory);
  });

  async function start(
    create: (composition: Composition) => Role,
    environment: Readonly<Record<string, string>>,
    logger: Logger = silentLogger,
  ): Promise<Role> {
    const config = loadConfig(directory, environment);
    const role = create({
      config,
      directories: { conf: directory, data: directory },
      logger,
      clock: systemClock,
    });
    roles.push(role);
    await role.start();
    return role;
  }

  /** Another node with the name of one that is not connected: the store takes it for the next life of the gateway. */
  async function replace(address: string): Promise<void> {
    const store = createRemoteStore({
      nodeName: NAME,
      addresses: () => [address],
      credentials: {},
      leaseMs: 5_000,
      tailBytes: 1 << 20,
      maxBacklogBytes: 1 << 20,
      stopTimeoutMs: 1_000,
      clock: systemClock,
      logger: silentLogger,
    });
    await store.start();
    await store.stop();
  }

  it('again and again, also while it begins anew, serves in the end, and once', async () => {
    const [rpcPort, storePort, mqttPort] = [await freePort(), await freePort(), await freePort()];
    const environment = {
      LMQTT_CLUSTER_NAMESRV_ADDR: `127.0.0.1:${String(rpcPort)}`,
      LMQTT_CLUSTER_NODE_NAME: NAME,
      LMQTT_NAMESRV_LISTEN_PORT: '0',
      LMQTT_NAMESRV_RPC_PORT: String(rpcPort),
      LMQTT_LMQ_LISTEN_PORT: String(storePort),
      LMQTT_LMQ_BROKER_IP1: STORE_AS_SEEN,
      LMQTT_CONNECT_MQTT_PORT: String(mqttPort),
    };
    await start(createNamesrvRole, environment);
    await start(createLmqRole, { ...environment, LMQTT_CLUSTER_NODE_NAME: 'store' });
    const direct = { host: '127.0.0.1', port: storePort };
    proxy = await TcpProxy.start(direct, STORE_AS_SEEN, storePort);
    const logger: Logger = {
      ...silentLogger,
      child: () => logger,
      error: (_fields, message) => {
        if (message.includes('it begins anew')) renewals++;
        if (message.includes('beginning anew failed')) failures++;
      },
    };
    const gateway = await start(createGatewayRole, environment, logger);
    const address = { host: '127.0.0.1', port: mqttPort };
    await clients.connect(address, 'before');

    const random = Random.fromEnvironment();
    for (let i = 0; i < ROUNDS; i++) {
      proxy.quality = { isBlackHole: true };
      proxy.cut('RST');
      await sleep(10);
      await replace(`127.0.0.1:${String(storePort)}`);
      proxy.quality = { delayMs: DELAY_MS };
      await sleep(random.below(20) * DELAY_MS);
    }
    proxy.quality = {};
    await eventually('it has been fenced', () => renewals > 0);
    const client = await eventually(
      'it serves again',
      () => clients.connect(address, 'after').catch(() => undefined),
      20_000,
      100,
    );
    const before = renewals;
    await sleep(QUIET_MS);
    expect(renewals, `it goes on beginning anew, seed ${String(random.seed)}`).to.equal(before);
    expect(failures, 'attempts that have failed').to.equal(0);
    expect(client.mqtt.connected).to.equal(true);
    await client.mqtt.publishAsync('a', 'durable', { qos: 1 });
    expect(gateway.where().mqtt).to.deep.equal([`127.0.0.1:${String(mqttPort)}`]);
  });
});
