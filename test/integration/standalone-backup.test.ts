import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import mqtt from 'mqtt';
import { systemClock } from '../../src/common/clock.ts';
import { runMqadmin } from '../../src/namesrv/mqadmin/mqadmin.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { freePort } from '../helpers/free-port.ts';
import { GatewayProcess } from '../helpers/gateway-process.ts';
import { removeTempDir } from '../helpers/temp-dir.ts';

const PERSISTENT = { clientId: 'subscriber', clean: false } as const;

interface Admin {
  readonly code: number;
  readonly output: string;
}

describe('standalone: online backup with enableStoreAdmin', function () {
  this.timeout(120_000);
  const processes: GatewayProcess[] = [];
  const clients: mqtt.MqttClient[] = [];

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
    for (const process of processes.splice(0)) {
      await process.crash();
      await removeTempDir(process.dataDir);
    }
  });

  async function standalone(enableStoreAdmin: boolean): Promise<{
    readonly gateway: GatewayProcess;
    readonly namesrvAddr: string;
  }> {
    const namesrvPort = String(await freePort());
    const gateway = await GatewayProcess.create({
      maxPacketBytes: 65_536,
      maxInflight: 32,
      compiled: isBuildCurrent(),
      environment: {
        LMQTT_NAMESRV_LISTEN_PORT: namesrvPort,
        LMQTT_LMQ_ENABLE_STORE_ADMIN: String(enableStoreAdmin),
        LMQTT_LMQ_LISTEN_PORT: String(await freePort()),
      },
    });
    processes.push(gateway);
    return { gateway, namesrvAddr: `127.0.0.1:${namesrvPort}` };
  }

  async function connect(
    { host, port }: GatewayProcess,
    options: mqtt.IClientOptions,
    onMessage?: (payload: string) => void,
  ): Promise<mqtt.MqttClient> {
    const client = mqtt.connect({
      host,
      port,
      reconnectPeriod: 0,
      ...options,
      manualConnect: true,
    });
    clients.push(client);
    client.on('message', (_topic, payload) => onMessage?.(payload.toString()));
    const connected = new Promise<void>((resolve, reject) => {
      client.once('connect', () => {
        resolve();
      });
      client.once('error', reject);
    });
    client.connect();
    await connected;
    return client;
  }

  async function backUp(defaultNamesrvAddr: string): Promise<Admin> {
    let output = '';
    const take = (text: string): void => {
      output += text;
    };
    const code = await runMqadmin(['backupStore', '-b', 'lmq-a', '-d', 'monday'], {
      defaultNamesrvAddr,
      stdout: take,
      stderr: take,
      clock: systemClock,
    });
    return { code, output };
  }

  it('another process with the copy has the session, its messages and what is retained', async () => {
    const { gateway, namesrvAddr } = await standalone(true);
    await gateway.restart();
    const subscriber = await connect(gateway, PERSISTENT);
    await subscriber.subscribeAsync('backup/#', { qos: 2 });
    await subscriber.endAsync();
    const publisher = await connect(gateway, { clientId: 'publisher' });
    await publisher.publishAsync('backup/kept', 'retained', { qos: 1, retain: true });
    const acknowledged: string[] = ['retained'];
    const load = { isOver: false };
    const publishing = (async () => {
      for (let i = 0; !load.isOver; i++) {
        await publisher.publishAsync('backup/1', String(i), { qos: 2 });
        acknowledged.push(String(i));
      }
    })();
    await eventually('a load', () => acknowledged.length >= 100, 30_000);

    const before = [...acknowledged];
    const { code, output } = await backUp(namesrvAddr);
    expect(code, output).to.equal(0);
    expect(output).to.match(/^backup of store lmq-a in \S+\/monday: \d+ entries, \d+ bytes$/m);
    await eventually('more', () => acknowledged.length > before.length + 20, 30_000);
    load.isOver = true;
    await publishing;

    // The first one goes on beside it.
    const { gateway: second } = await standalone(false);
    mkdirSync(join(second.dataDir, 'data'), { recursive: true });
    cpSync(join(gateway.dataDir, 'data/backup/monday'), join(second.dataDir, 'data/lmq'), {
      recursive: true,
    });
    await second.restart();
    const received: string[] = [];
    await connect(second, PERSISTENT, (payload) => received.push(payload));
    await eventually('the messages', () => received.length >= before.length, 30_000);
    expect(received.slice(0, before.length)).to.deep.equal(before);
    const retained: string[] = [];
    const other = await connect(second, { clientId: 'other' }, (payload) => retained.push(payload));
    await other.subscribeAsync('backup/kept', { qos: 1 });
    await eventually('the retained message', () => retained.length > 0, 10_000);
    expect(retained).to.deep.equal(['retained']);
    expect(gateway.alive).to.equal(true);
  });

  it('is refused without it, and says what to set', async () => {
    const { gateway, namesrvAddr } = await standalone(false);
    await gateway.restart();
    const { code, output } = await backUp(namesrvAddr);
    expect(code).to.equal(1);
    expect(output).to.include('set enableStoreAdmin = true in lmq.conf');
  });
});
