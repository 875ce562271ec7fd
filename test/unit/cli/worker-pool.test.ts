import type { Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import sinon from 'sinon';
import type { FromWorker, ToWorker } from '../../../src/cli/worker-messages.ts';
import { WorkerPool } from '../../../src/cli/worker-pool.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import { FakeClock } from '../gateway/fake-clock.ts';

/** A worker process as the pool sees it. */
class FakeWorker extends EventEmitter {
  readonly environment: NodeJS.ProcessEnv;
  readonly told: ToWorker[] = [];
  readonly process = Object.assign(new EventEmitter(), {
    pid: 1,
    kill: sinon.spy(),
    send: sinon.spy(),
  });
  isGone = false;

  constructor(environment: NodeJS.ProcessEnv) {
    super();
    this.environment = environment;
  }

  isConnected(): boolean {
    return !this.isGone;
  }

  send(message: ToWorker): void {
    this.told.push(message);
  }

  says(message: FromWorker): void {
    this.emit('message', message);
  }

  serves(): void {
    this.says({ kind: 'ready', where: { mqtt: ['127.0.0.1:1883'] } });
  }

  ends(code: number | null = 1): void {
    this.isGone = true;
    this.emit('exit', code, null);
  }
}

const WORKER = 'LMQTT_WORKER';

describe('WorkerPool', () => {
  let clock: FakeClock;
  let forked: FakeWorker[];
  let pool: WorkerPool;
  let setupPrimary: sinon.SinonSpy;
  const hangUps = process.listenerCount('SIGHUP');

  beforeEach(() => {
    clock = new FakeClock();
    forked = [];
    setupPrimary = sinon.spy();
    pool = new WorkerPool({
      count: 2,
      program: 'worker.js',
      args: ['--daemon'],
      environment: () => ({ TOKEN: 't' }),
      logger: silentLogger,
      clock,
      cluster: {
        setupPrimary,
        fork: (environment?: NodeJS.ProcessEnv) => {
          const worker = new FakeWorker(environment ?? {});
          forked.push(worker);
          return worker as unknown as Worker;
        },
      },
    });
  });
  afterEach(async () => {
    const stopped = pool.stop();
    for (const worker of forked) if (!worker.isGone) worker.ends(0);
    await stopped;
    expect(process.listenerCount('SIGHUP'), 'listeners for SIGHUP').to.equal(hangUps);
  });

  function workerAt(index: number): FakeWorker {
    const worker = forked[index];
    if (worker === undefined) throw new Error(`no worker ${index} was started`);
    return worker;
  }

  async function start(): Promise<void> {
    const started = pool.start();
    for (const worker of forked) worker.serves();
    await started;
  }

  async function reasonOf(work: Promise<unknown>): Promise<string> {
    return work.then(
      () => 'none',
      (error: unknown) => (error as Error).message,
    );
  }

  it('starts its workers with their number, and is ready when all of them serve', async () => {
    const started = pool.start();
    expect(setupPrimary.args[0]?.[0]).to.deep.include({ exec: 'worker.js', args: ['--daemon'] });
    expect(forked.map(({ environment }) => environment)).to.deep.equal([
      { TOKEN: 't', [WORKER]: '1' },
      { TOKEN: 't', [WORKER]: '2' },
    ]);
    workerAt(1).serves();
    expect(pool.isReady).to.equal(false);
    workerAt(0).serves();
    await started;
    expect(pool.isReady).to.equal(true);
    expect(pool.where).to.deep.equal({ mqtt: ['127.0.0.1:1883'] });
  });

  it('does not start when a worker ends before it is ready, and stops the others', async () => {
    const started = reasonOf(pool.start());
    workerAt(1).ends();
    await Promise.resolve();
    expect(workerAt(0).told).to.deep.equal([{ kind: 'stop' }]);
    workerAt(0).ends(0);
    expect(await started).to.equal('worker 2 ended before it was ready');
    clock.advance(60_000);
    expect(forked).to.have.length(2);
  });

  it('gives a start up: workers that do not serve yet are killed, those that do may drain', async () => {
    const started = reasonOf(pool.start());
    workerAt(0).serves();
    pool.giveUp();
    expect(workerAt(0).process.kill.callCount).to.equal(0);
    expect(workerAt(1).process.kill.args).to.deep.equal([['SIGKILL']]);
    workerAt(1).ends(null);
    workerAt(0).ends(0);
    expect(await started).to.equal('stopped while the workers were starting');
  });

  it('replaces a worker that has died, ever later while its successors die young', async () => {
    await start();
    for (const backOffMs of [100, 200, 400]) {
      const count = forked.length;
      workerAt(count - 1).ends();
      expect(pool.isReady).to.equal(false);
      clock.advance(backOffMs - 1);
      expect(forked, `before ${backOffMs} ms`).to.have.length(count);
      clock.advance(1);
      expect(forked, `after ${backOffMs} ms`).to.have.length(count + 1);
      expect(workerAt(count).environment[WORKER]).to.equal('2');
    }
    for (let i = 0; i < 10; i++) {
      workerAt(forked.length - 1).ends();
      clock.advance(10_000);
    }
    expect(forked, 'the longest pause is 10 s').to.have.length(15);
  });

  it('begins with a short pause again when a worker has lived for a minute', async () => {
    await start();
    workerAt(1).ends();
    clock.advance(100);
    workerAt(2).ends();
    clock.advance(200);
    clock.advance(60_000);
    workerAt(3).ends();
    clock.advance(100);
    expect(forked).to.have.length(5);
  });

  it('stops all, waits for their ends, and starts none again', async () => {
    await start();
    let isStopped = false;
    const stopped = pool.stop().then(() => (isStopped = true));
    for (const { told } of forked) expect(told).to.deep.equal([{ kind: 'stop' }]);
    workerAt(0).ends(0);
    await Promise.resolve();
    expect(isStopped).to.equal(false);
    workerAt(1).ends(0);
    await stopped;
    clock.advance(60_000);
    expect(forked).to.have.length(2);
  });

  it('starts nobody who is due when it stops', async () => {
    await start();
    workerAt(0).ends();
    const stopped = pool.stop();
    workerAt(1).ends(0);
    await stopped;
    expect(clock.pendingTimers).to.equal(0);
  });

  it('collects metrics, without those of a worker that is silent', async () => {
    await start();
    const snapshot = { name: 'one' } as unknown as NonNullable<
      Extract<FromWorker, { kind: 'metrics' }>['snapshot']
    >;
    const collected = pool.metrics();
    const [asked] = workerAt(0).told;
    if (asked?.kind !== 'metrics') throw new Error('not asked for metrics');
    workerAt(0).says({ kind: 'metrics', request: asked.request, snapshot });
    clock.advance(2000);
    expect(await collected).to.deep.equal([snapshot]);
    expect(clock.pendingTimers).to.equal(0);
    // Too late for anybody.
    workerAt(1).says({ kind: 'metrics', request: asked.request + 1, snapshot });
  });

  it('has logs opened anew when it is told to, and tells nobody who has gone', async () => {
    await start();
    workerAt(1).isGone = true;
    process.emit('SIGHUP');
    expect(workerAt(0).told).to.deep.equal([{ kind: 'reopenLog' }]);
    expect(workerAt(1).told).to.deep.equal([]);
    workerAt(1).isGone = false;
  });
});
