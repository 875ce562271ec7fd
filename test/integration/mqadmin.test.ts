import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../src/common/clock.ts';
import { silentLogger } from '../../src/common/logger.ts';
import { createNamesrv } from '../../src/namesrv/server/namesrv-server.ts';
import type { Namesrv } from '../../src/namesrv/server/namesrv-server.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { freePort } from '../helpers/free-port.ts';
import { GatewayProcess } from '../helpers/gateway-process.ts';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Nothing listens on the discard port of a loopback address. */
const NOBODY = '127.0.0.1:9';

interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function mqadmin(args: readonly string[], namesrvAddr?: string): Promise<Outcome> {
  const env = { ...process.env };
  if (namesrvAddr === undefined) delete env['NAMESRV_ADDR'];
  else env['NAMESRV_ADDR'] = namesrvAddr;
  const child = spawn(
    process.execPath,
    ['--import=ts-blank-space/register', 'src/cli/mqadmin-main.ts', ...args],
    {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await closed;
  return { exitCode: child.exitCode, stdout, stderr };
}

describe('mqadmin', function () {
  this.timeout(60_000);
  let directory: string;
  let servers: Namesrv[];
  let address: string;

  async function startNamesrv(): Promise<Namesrv> {
    const namesrv = createNamesrv({
      host: '127.0.0.1',
      port: 0,
      directory: join(directory, String(servers.length)),
      kvConfigLimits: { maxValueBytes: 100 },
      logger: silentLogger,
      clock: systemClock,
    });
    await namesrv.start();
    servers.push(namesrv);
    return namesrv;
  }

  const addressOf = ({ port }: Namesrv): string => `127.0.0.1:${String(port)}`;
  const kvOf = (namesrv: Namesrv | undefined): string | undefined => namesrv?.kv.get('LMQ', 'k');

  beforeEach(async () => {
    directory = await makeTempDir();
    servers = [];
    address = addressOf(await startNamesrv());
  });

  afterEach(async () => {
    for (const server of servers) await server.stop();
    await removeTempDir(directory);
  });

  it('creates, reads, lists and deletes a key', async () => {
    const where = ['-s', 'LMQ', '-n', address];
    expect(await mqadmin(['updateKvConfig', ...where, '-k', 'k', '-v', 'k/+,k/#'])).to.deep.equal({
      exitCode: 0,
      stdout: 'create or update kv config to namespace success.\n',
      stderr: '',
    });
    expect(kvOf(servers[0])).to.equal('k/+,k/#');
    expect((await mqadmin(['getKvConfig', ...where, '-k', 'k'])).stdout).to.equal('k/+,k/#\n');
    await servers[0]?.kv.put('LMQ', 'a', '-v');
    expect((await mqadmin(['listKvConfig', ...where])).stdout).to.equal('a=-v\nk=k/+,k/#\n');
    expect(await mqadmin(['deleteKvConfig', ...where, '-k', 'k'])).to.deep.equal({
      exitCode: 0,
      stdout: 'delete kv config from namespace success.\n',
      stderr: '',
    });
    expect(kvOf(servers[0])).to.equal(undefined);
  });

  it('takes long options, any case of the command, and NAMESRV_ADDR', async () => {
    const args = ['UPDATEkvconfig', '--namespace', 'LMQ', '--key', 'k', '--value', '-v'];
    expect((await mqadmin(args, address)).exitCode).to.equal(0);
    expect(kvOf(servers[0])).to.equal('-v');
    const read = ['getkvconfig', '-s', 'LMQ', '-k', 'k', '--namesrvAddr', address];
    expect((await mqadmin(read, NOBODY)).stdout).to.equal('-v\n');
  });

  it('writes to and deletes on every name server', async () => {
    const all = `${address};${addressOf(await startNamesrv())}`;
    await mqadmin(['updateKvConfig', '-s', 'LMQ', '-k', 'k', '-v', 'v', '-n', all]);
    expect(servers.map(kvOf)).to.deep.equal(['v', 'v']);
    await mqadmin(['deleteKvConfig', '-s', 'LMQ', '-k', 'k', '-n', all]);
    expect(servers.map(kvOf)).to.deep.equal([undefined, undefined]);
  });

  it('writes to the others when one cannot be reached, and says which one', async () => {
    const list = `${NOBODY};${address}`;
    const outcome = await mqadmin([
      'updateKvConfig',
      '-s',
      'LMQ',
      '-k',
      'k',
      '-v',
      'v',
      '-n',
      list,
    ]);
    expect(outcome).to.deep.include({ exitCode: 1, stdout: '' });
    expect(outcome.stderr).to.match(
      /^name server 127\.0\.0\.1:9: cannot reach .*ECONNREFUSED.*\n$/,
    );
    expect(kvOf(servers[0])).to.equal('v');
  });

  it('reads from a name server that can be reached', async () => {
    await servers[0]?.kv.put('LMQ', 'k', 'v');
    const list = `${NOBODY};${address}`;
    const outcome = await mqadmin(['getKvConfig', '-s', 'LMQ', '-k', 'k', '-n', list]);
    expect(outcome).to.deep.equal({ exitCode: 0, stdout: 'v\n', stderr: '' });
  });

  it('names key and namespace that do not exist', async () => {
    const get = await mqadmin(['getKvConfig', '-s', 'LMQ', '-k', 'none', '-n', address]);
    expect(get).to.deep.equal({
      exitCode: 1,
      stdout: '',
      stderr: 'no key "none" in namespace "LMQ"\n',
    });
    const list = await mqadmin(['listKvConfig', '-s', 'empty', '-n', address]);
    expect(list).to.deep.include({ exitCode: 1, stderr: 'no keys in namespace "empty"\n' });
  });

  it('says why the name server refuses', async () => {
    const value = 'x'.repeat(101);
    const args = ['updateKvConfig', '-s', 'LMQ', '-k', 'k', '-v', value, '-n', address];
    const outcome = await mqadmin(args);
    expect(outcome.exitCode).to.equal(1);
    expect(outcome.stderr).to.contain('code 1: value too large: 101 bytes, the limit is 100');
  });

  it('exits with 2 for a wrong command line', async () => {
    const outcome = await mqadmin(['getKvConfig', '-s', 'LMQ', '-n', address]);
    expect(outcome).to.deep.include({ exitCode: 2, stdout: '' });
    expect(outcome.stderr).to.contain('--key');
  });
});

describe('mqadmin of a standalone process', function () {
  this.timeout(60_000);
  let gateway: GatewayProcess | undefined;

  afterEach(async () => {
    await gateway?.crash();
    if (gateway !== undefined) await removeTempDir(gateway.dataDir);
  });

  it('lists its store and its gateway', async () => {
    const namesrvPort = String(await freePort());
    gateway = await GatewayProcess.create({
      maxPacketBytes: 65_536,
      maxInflight: 32,
      compiled: isBuildCurrent(),
      environment: {
        LMQTT_NAMESRV_LISTEN_PORT: namesrvPort,
        LMQTT_LMQ_BROKER_NAME: 'own',
        LMQTT_CLUSTER_NODE_NAME: 'node',
      },
    });
    await gateway.restart();
    const address = `127.0.0.1:${namesrvPort}`;
    const { stdout, stderr } = await mqadmin(['clusterList', '-n', address]);
    expect(stderr).to.equal('');
    const [, store, , , listed, ...rest] = stdout.split('\n');
    expect(store).to.match(new RegExp(`^DefaultCluster +own +0 +${address} `));
    expect(listed).to.match(new RegExp(`^node +\\S+ +127\\.0\\.0\\.1:${String(gateway.port)}$`));
    expect(rest).to.deep.equal(['']);
  });
});
