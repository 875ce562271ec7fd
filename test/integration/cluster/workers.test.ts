import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect as netConnect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { valuesOf } from '../../unit/admin/admin-world.ts';
import type { Broker } from '../../helpers/broker.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually, within } from '../../helpers/eventually.ts';
import { freePort } from '../../helpers/free-port.ts';
import { connect } from '../../helpers/packets.ts';
import { ServerProcess } from '../../helpers/server-process.ts';
import { disposeBroker, startBroker } from '../../helpers/start-broker.ts';
import { Clients, PERSISTENT } from './clients.ts';

const ROOT = join(import.meta.dirname, '../../..');
const COMPILED = join(ROOT, 'dist/cli/standalone-main.js');
const SOURCE = join(ROOT, 'src/cli/standalone-main.ts');
const WORKERS = 2;
const CLIENTS = 20;

/** Processes whose parent is `pid`. */
function childrenOf(pid: number): number[] {
  const parentOf = (entry: string): number => {
    try {
      const stat = readFileSync(join('/proc', entry, 'stat'), 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    } catch {
      // It has ended meanwhile.
      return 0;
    }
  };
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === pid)
    .map(Number);
}

/** Whether a process is there still, and not another one by now. */
function isWorker(pid: number): boolean {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('worker-main');
  } catch {
    // It has ended.
    return false;
  }
}

describe('cluster: workers of standalone', function () {
  this.timeout(120_000);
  let broker: Broker;
  let metricsPort: number;
  const environment: Record<string, string> = {};
  const clients = new Clients();

  before(async () => {
    metricsPort = await freePort();
    Object.assign(environment, {
      LMQTT_CONNECT_WORKERS: String(WORKERS),
      LMQTT_CONNECT_WORKERS_BEYOND_CORES: 'true',
      LMQTT_CONNECT_ENABLE_PROMETHEUS: 'true',
      LMQTT_CONNECT_EXPORTER_PORT: String(metricsPort),
      LMQTT_CONNECT_CLIENT_EVENTS: 'off',
    });
    broker = await startBroker({
      compiled: isBuildCurrent(),
      environment,
    });
  });
  afterEach(() => clients.end());
  after(async () => {
    await disposeBroker(broker);
  });

  const first = (): number =>
    Number(
      /^pid=(\d+)$/m.exec(readFileSync(join(broker.dataDir, 'run/standalone.ready'), 'utf8'))?.[1],
    );

  async function metrics(): Promise<Map<string, number>> {
    return valuesOf(await (await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`)).text());
  }

  it('are as many processes as configured, and share the clients of one port', async () => {
    expect(childrenOf(first())).to.have.length(WORKERS);
    for (let i = 0; i < CLIENTS; i++) await clients.connect(broker, `shared-${String(i)}`);
    expect((await metrics()).get('lmqtt_connections')).to.equal(CLIENTS);
  });

  it('have the options of Node.js that gateways have', () => {
    for (const pid of childrenOf(first())) {
      const command = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0');
      expect(command).to.include('--heap-growing-percent=100');
    }
  });

  it('pass messages to each other, and their metrics are one sum', async () => {
    const subscribers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, i) => clients.connect(broker, `sub-${String(i)}`)),
    );
    for (const { mqtt } of subscribers) await mqtt.subscribeAsync('workers/t', { qos: 1 });
    const before = await metrics();
    const publisher = await clients.connect(broker, 'pub');
    await publisher.mqtt.publishAsync('workers/t', 'to all', { qos: 1 });
    for (const subscriber of subscribers) {
      expect(await subscriber.payloadsOf(1)).to.deep.equal(['to all']);
    }
    const after = await metrics();
    const grown = (name: string): number => (after.get(name) ?? NaN) - (before.get(name) ?? NaN);
    expect(grown('lmqtt_messages_received_total')).to.equal(1);
    expect(grown('lmqtt_messages_sent_total')).to.equal(CLIENTS);
    expect(grown('lmqtt_store_records_appended_total')).to.equal(1);
  });

  it('are replaced when they die, and nothing acknowledged is lost', async () => {
    const subscriber = await clients.connect(broker, 'survivor', PERSISTENT);
    await subscriber.mqtt.subscribeAsync('survive/t', { qos: 1 });
    await subscriber.mqtt.endAsync();
    const publisher = await clients.connect(broker, 'pub-survive');
    await publisher.mqtt.publishAsync('survive/t', 'kept', { qos: 1 });
    const old = childrenOf(first());
    for (const pid of old) process.kill(pid, 'SIGKILL');
    await eventually(
      'new workers',
      () => {
        const now = childrenOf(first());
        return now.length === WORKERS && now.every((pid) => !old.includes(pid));
      },
      20_000,
    );
    const again = await eventually(
      'a connection',
      () => clients.connect(broker, 'survivor', PERSISTENT).catch(() => undefined),
      20_000,
      200,
    );
    expect(again.sessionPresent).to.equal(true);
    expect(await again.payloadsOf(1)).to.deep.equal(['kept']);
  });

  it('leave no connection behind that was on its way to one that dies', async () => {
    const [stopped, ...others] = childrenOf(first());
    if (stopped === undefined) throw new Error('no workers');
    // It answers for no connection that it is given: of twice as many as there are workers, one is on its way, also when a client of
    // the test before comes back meanwhile.
    process.kill(stopped, 'SIGSTOP');
    const sockets = [stopped, ...others, stopped, ...others].map(() =>
      netConnect(broker.port, broker.host),
    );
    try {
      const opened = sockets.map((socket) => once(socket, 'connect'));
      await Promise.all(opened);
      const answers = sockets.map((socket, i) => {
        // Closed with the CONNECT unread, it is reset: 'close' follows.
        socket.on('error', () => undefined);
        const answered = new Promise<string>((resolve) => {
          socket.once('data', () => {
            resolve('answered');
          });
          socket.once('close', () => {
            resolve('closed');
          });
        });
        socket.write(connect({ clientId: `on-its-way-${String(i)}` }));
        return answered;
      });
      await Promise.any(answers);
      process.kill(stopped, 'SIGKILL');
      // One that is left open is so for as long as its client waits.
      const outcomes = await within('an end of each connection', 30_000, Promise.all(answers));
      expect([...new Set(outcomes)].sort()).to.deep.equal(['answered', 'closed']);
    } finally {
      if (isWorker(stopped)) process.kill(stopped, 'SIGKILL');
      for (const socket of sockets) socket.destroy();
    }
    await eventually(
      'a new worker',
      () => childrenOf(first()).filter((pid) => pid !== stopped).length === WORKERS,
      20_000,
    );
  });

  it('come and go with the cores of the machine: one process goes on with their sessions, and they with its', async () => {
    const subscriber = await clients.connect(broker, 'mover', PERSISTENT);
    await subscriber.mqtt.subscribeAsync('move/t', { qos: 1 });
    await subscriber.mqtt.endAsync();
    try {
      for (const workers of [1, WORKERS]) {
        const publisher = await clients.connect(broker, `pub-move-${workers}`);
        await publisher.mqtt.publishAsync('move/t', `before ${workers}`, { qos: 1 });
        await publisher.mqtt.endAsync();
        await broker.crash();
        environment['LMQTT_CONNECT_WORKERS'] = String(workers);
        await broker.restart();
        expect(childrenOf(first())).to.have.length(workers === 1 ? 0 : workers);
        const again = await clients.connect(broker, 'mover', PERSISTENT);
        expect(again.sessionPresent).to.equal(true);
        expect(await again.payloadsOf(1)).to.deep.equal([`before ${workers}`]);
        await again.mqtt.endAsync();
      }
    } finally {
      environment['LMQTT_CONNECT_WORKERS'] = String(WORKERS);
    }
  });

  it('end with the first process', async () => {
    const workers = childrenOf(first());
    expect(workers).to.have.length(WORKERS);
    await broker.stop();
    for (const pid of workers) expect(() => process.kill(pid, 0), String(pid)).to.throw('ESRCH');
  });

  it('do not keep the first process when it is stopped while they start', async () => {
    const server = new ServerProcess({
      program: process.execPath,
      args: isBuildCurrent() ? [COMPILED] : ['--import=ts-blank-space/register', SOURCE],
      env: {
        ...environment,
        LMQTT_HOME: broker.dataDir,
        LMQTT_CONNECT_MQTT_PORT: String(broker.port),
        LMQTT_NAMESRV_LISTEN_PORT: '0',
      },
    });
    await server.untilReady(() => childrenOf(server.pid).length === WORKERS, 30_000);
    const workers = childrenOf(server.pid);
    // Slow ones: they are not ready before they go on, which they never do.
    for (const pid of workers) process.kill(pid, 'SIGSTOP');
    const since = performance.now();
    await server.kill('SIGTERM');
    const ms = performance.now() - since;
    const left = workers.filter(isWorker);
    for (const pid of left) process.kill(pid, 'SIGKILL');
    expect(left).to.deep.equal([]);
    expect(ms).to.be.below(5000);
    expect(server.exitCode, server.output).to.equal(0);
  });

  it('end when the first process is killed', async () => {
    await broker.restart();
    const workers = childrenOf(first());
    await broker.crash();
    await eventually('no workers', () =>
      workers.every((pid) => {
        try {
          process.kill(pid, 0);
          return false;
        } catch {
          // It has gone.
          return true;
        }
      }),
    );
  });
});
