import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { Clients, PERSISTENT } from './clients.ts';

const ROOT = join(import.meta.dirname, '../../..');
const BROKER = 'store';

describe('cluster: backup of a store', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  const clients = new Clients();

  before(async () => {
    cluster = await Cluster.start({ compiled: isBuildCurrent(), leaseMs: 20_000 });
  });
  afterEach(() => clients.end());
  after(() => cluster.dispose());

  async function backUp(name: string): Promise<{ code: number | null; output: string }> {
    const main = isBuildCurrent()
      ? ['dist/cli/mqadmin-main.js']
      : ['--import=ts-blank-space/register', 'src/cli/mqadmin-main.ts'];
    const namesrv = cluster.namesrvs[0]!.ready('namesrv') ?? '';
    const args = ['backupStore', '-n', namesrv, '-b', BROKER, '-d', name];
    const child = spawn(process.execPath, [...main, ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const closed = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    await closed;
    return { code: child.exitCode, output: stdout + stderr };
  }

  it('under load; restored after the loss of the store it has every message acknowledged before it began', async () => {
    const subscriber = await clients.connect(cluster.gateway(1), 'subscriber', PERSISTENT);
    await subscriber.mqtt.subscribeAsync('backup/#', { qos: 1 });
    await subscriber.mqtt.endAsync();
    const publisher = await clients.connect(cluster.gateway(0), 'publisher');
    const acknowledged: string[] = [];
    const load = { isOver: false };
    const publishing = (async () => {
      for (let i = 0; !load.isOver; i++) {
        await publisher.mqtt.publishAsync('backup/1', String(i), { qos: 1 });
        acknowledged.push(String(i));
      }
    })();
    await eventually('a load', () => acknowledged.length >= 200, 30_000);

    const before = [...acknowledged];
    const { code, output } = await backUp('monday');
    expect(code, output).to.equal(0);
    await eventually('more', () => acknowledged.length > before.length + 50, 30_000);
    load.isOver = true;
    await publishing;
    await publisher.mqtt.endAsync();
    const copy = join(cluster.store.home, 'data', 'backup', 'monday');
    expect(output).to.match(/^backup of store store in \S+\/monday: \d+ entries, \d+ bytes$/m);
    expect(output).to.include(copy);

    // The machine is lost; its data comes back from the copy.
    await cluster.store.crash();
    const data = join(cluster.store.home, 'data', 'lmq');
    rmSync(data, { recursive: true });
    cpSync(copy, data, { recursive: true });
    await cluster.store.start();
    const again = await eventually(
      'the session',
      () => clients.connect(cluster.gateway(1), 'subscriber', PERSISTENT).catch(() => undefined),
      60_000,
      200,
    );
    expect(again.sessionPresent).to.equal(true);
    const received = await again.payloadsOf(before.length, 30_000);
    expect(received.slice(0, before.length)).to.deep.equal(before);
  });

  it('says why there is none', async () => {
    const taken = await backUp('monday');
    expect(taken.code).to.equal(1);
    expect(taken.output).to.match(/store store: .*monday exists/);
    for (const name of ['../elsewhere', '/tmp/elsewhere', 'x.part', '']) {
      const outcome = await backUp(name);
      expect(outcome.code, name).to.equal(1);
      expect(outcome.output).to.include('is no plain file name');
    }
    expect(existsSync(join(cluster.store.home, 'data', 'elsewhere'))).to.equal(false);
  });
});
