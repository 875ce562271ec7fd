import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import mqtt from 'mqtt';
import { freePort } from '../../helpers/free-port.ts';
import { MqttSh, type Outcome } from '../mqtt-sh.ts';

const ROLES = ['namesrv', 'lmq', 'gateway'] as const;

describe('cluster: bin/mqtt.sh with roles', function () {
  this.timeout(300_000);
  let sh: MqttSh;

  before(async () => {
    const rpcPort = String(await freePort());
    sh = await MqttSh.create({
      LMQTT_NAMESRV_RPC_PORT: rpcPort,
      LMQTT_LMQ_LISTEN_PORT: '0',
      LMQTT_CLUSTER_NAMESRV_ADDR: `127.0.0.1:${rpcPort}`,
      LMQTT_CONNECT_DRAIN_TIME_MS: '0',
    });
  });
  after(async () => {
    for (const role of [...ROLES].reverse()) await sh.run(['stop', role]);
    await sh.dispose();
  });

  async function succeed(...args: string[]): Promise<Outcome> {
    const outcome = await sh.run(args);
    expect(outcome, JSON.stringify(outcome)).to.include({ code: 0, stderr: '' });
    return outcome;
  }

  it('starts a process for each, in one home, and says where it is', async () => {
    const namesrv = await succeed('start', 'namesrv');
    expect(namesrv.stdout).to.match(/^lmqtt namesrv is running \(pid \d+\)$/m);
    expect(namesrv.stdout).to.match(/^ {2}name server {2}127\.0\.0\.1:\d+$/m);
    expect(namesrv.stdout).to.match(/^ {2}for nodes {4}127\.0\.0\.1:\d+$/m);
    const lmq = await succeed('start', 'lmq');
    expect(lmq.stdout).to.match(/^ {2}store {8}127\.0\.0\.1:\d+$/m);
    expect(lmq.stdout).to.not.include('mqtt  ');
    const gateway = await succeed('start', 'gateway');
    expect(gateway.stdout).to.match(/^ {2}mqtt {9}127\.0\.0\.1:\d+$/m);
    expect(gateway.stdout).to.not.match(/^ {2}(data|store|name server) /m);
    for (const role of ROLES) {
      for (const file of [`run/${role}.pid`, `run/${role}.ready`, `logs/lmqtt-${role}.log`]) {
        expect(existsSync(join(sh.home, file)), file).to.equal(true);
      }
    }
  });

  it('tells of each whether it runs, and leaves it alone when it does', async () => {
    for (const role of ROLES) {
      const { stdout } = await succeed('status', role);
      expect(stdout).to.match(new RegExp(`^lmqtt ${role} is running`));
      expect((await succeed('start', role)).stdout).to.match(/is already running/);
    }
    expect((await sh.run(['status'])).code, 'standalone').to.equal(3);
  });

  it('serves through all of them', async () => {
    const { stdout } = await succeed('status', 'gateway');
    const port = Number(/^ {2}mqtt {9}127\.0\.0\.1:(\d+)$/m.exec(stdout)?.[1]);
    const client = await mqtt.connectAsync({ host: '127.0.0.1', port, reconnectPeriod: 0 });
    await client.publishAsync('roles/t', 'hello', { qos: 1 });
    await client.endAsync();
  });

  it('restarts and stops each on its own', async () => {
    expect((await succeed('restart', 'gateway')).stdout).to.match(
      /^lmqtt gateway has stopped[^]*^lmqtt gateway is running/m,
    );
    for (const role of [...ROLES].reverse()) {
      expect((await succeed('stop', role)).stdout).to.match(
        new RegExp(`^lmqtt ${role} has stopped`),
      );
      expect((await sh.run(['status', role])).code).to.equal(3);
    }
  });
});
