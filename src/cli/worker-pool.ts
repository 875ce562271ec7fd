import cluster, { type Worker } from 'node:cluster';
import type { MetricsSnapshot } from '../admin/exposition.ts';
import type { Clock, Timer } from '../common/clock.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Logger } from '../common/logger.ts';
import { closeHandedConnections } from './handed-connections.ts';
import type { Where } from './ready-file.ts';
import { type FromWorker, type ToWorker, WORKER_VARIABLE } from './worker-messages.ts';

export interface WorkerPoolOptions {
  readonly count: number;
  /** Program of a worker. */
  readonly program: string;
  readonly args: readonly string[];
  /** Variables of all workers; known when the pool starts. */
  readonly environment: () => Readonly<Record<string, string>>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Node's own unless given: what tests put in its place. */
  readonly cluster?: Pick<typeof cluster, 'setupPrimary' | 'fork'>;
}

/** Of workers, as `bin/node.sh` has them for gateways of a cluster (ADR 571); options that are given win. */
const NODE_OPTIONS = ['--heap-growing-percent=100'];
const FIRST_BACK_OFF_MS = 100;
const MAX_BACK_OFF_MS = 10_000;
/** A worker that has lived for so long was all right: the next one is started at once. */
const STEADY_MS = 60_000;
/** A worker that does not tell its metrics by then is left out this time. */
const METRICS_TIMEOUT_MS = 2000;

interface Place {
  readonly number: number;
  worker: Worker | undefined;
  where: Where | undefined;
  startedAt: number;
  backOffMs: number;
  restart: Timer | undefined;
}

/** Worker processes that share their listening sockets; one that dies is followed by another. */
export class WorkerPool implements Service {
  readonly #options: WorkerPoolOptions;
  readonly #cluster: Pick<typeof cluster, 'setupPrimary' | 'fork'>;
  readonly #places: Place[];
  readonly #scrapes = new Map<number, (snapshot: MetricsSnapshot | undefined) => void>();
  #lastRequest = 0;
  #isStopping = false;
  #onChange: () => void = () => undefined;
  #failStart: ((error: Error) => void) | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#cluster = options.cluster ?? cluster;
    this.#places = Array.from({ length: options.count }, (_, index) => ({
      number: index + 1,
      worker: undefined,
      where: undefined,
      startedAt: 0,
      backOffMs: 0,
      restart: undefined,
    }));
  }

  /** Where the workers serve: all at the same addresses. */
  get where(): Where {
    return this.#places.find(({ where }) => where !== undefined)?.where ?? {};
  }

  get isReady(): boolean {
    return this.#places.every(({ where }) => where !== undefined);
  }

  /** Resolves when every worker serves; rejects when one ends before. */
  async start(): Promise<void> {
    const { program, args } = this.#options;
    const execArgv = [...NODE_OPTIONS, ...process.execArgv];
    this.#cluster.setupPrimary({ exec: program, args: [...args], execArgv });
    process.on('SIGHUP', this.#reopenLogs);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#failStart = reject;
        this.#onChange = () => {
          if (this.isReady) resolve();
        };
        for (const place of this.#places) this.#fork(place);
      });
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      this.#failStart = undefined;
    }
  }

  /** A worker that does not serve yet has nothing to give up: it is not waited for. */
  giveUp(): void {
    this.#isStopping = true;
    for (const { worker, where } of this.#places) {
      if (where === undefined) worker?.process.kill('SIGKILL');
    }
    this.#failStart?.(new Error('stopped while the workers were starting'));
  }

  /** Resolves when every worker has drained and ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    process.off('SIGHUP', this.#reopenLogs);
    for (const place of this.#places) place.restart?.cancel();
    this.#tellAll({ kind: 'stop' });
    if (this.#places.every(({ worker }) => worker === undefined)) return;
    await new Promise<void>((resolve) => {
      this.#onChange = () => {
        if (this.#places.every(({ worker }) => worker === undefined)) resolve();
      };
    });
  }

  /** Metrics of every worker that tells them in time. */
  async metrics(): Promise<readonly MetricsSnapshot[]> {
    const workers = this.#places.flatMap(({ worker }) => worker ?? []);
    const snapshots = await Promise.all(workers.map((worker) => this.#metricsOf(worker)));
    return snapshots.filter((snapshot) => snapshot !== undefined);
  }

  readonly #reopenLogs = (): void => {
    this.#tellAll({ kind: 'reopenLog' });
  };

  #fork(place: Place): void {
    const { environment, clock, logger } = this.#options;
    const worker = this.#cluster.fork({
      ...environment(),
      [WORKER_VARIABLE]: String(place.number),
    });
    closeHandedConnections(worker);
    place.worker = worker;
    place.startedAt = clock.monotonic();
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'metrics') {
        this.#scrapes.get(message.request)?.(message.snapshot);
        return;
      }
      place.where = message.where;
      logger.info({ worker: place.number, pid: worker.process.pid }, 'worker ready');
      this.#onChange();
    });
    // Its end is what counts, and follows.
    worker.on('error', (error) => {
      logger.warn({ worker: place.number, error: error.message }, 'worker cannot be told');
    });
    worker.on('exit', (code: number | null, signal: string | null) => {
      this.#ended(place, code, signal);
    });
  }

  #ended(place: Place, code: number | null, signal: string | null): void {
    const { logger, clock } = this.#options;
    const { number } = place;
    place.worker = undefined;
    place.where = undefined;
    if (this.#isStopping) {
      this.#onChange();
      return;
    }
    logger.error({ worker: number, code, signal }, 'worker ended');
    if (this.#failStart !== undefined) {
      this.#failStart(new Error(`worker ${number} ended before it was ready`));
      return;
    }
    const isSteady = clock.monotonic() - place.startedAt >= STEADY_MS;
    place.backOffMs = isSteady
      ? FIRST_BACK_OFF_MS
      : Math.min(MAX_BACK_OFF_MS, Math.max(FIRST_BACK_OFF_MS, place.backOffMs * 2));
    place.restart = clock.after(place.backOffMs, () => {
      this.#fork(place);
    });
  }

  #metricsOf(worker: Worker): Promise<MetricsSnapshot | undefined> {
    const request = ++this.#lastRequest;
    return new Promise((resolve) => {
      const done = (snapshot: MetricsSnapshot | undefined): void => {
        late.cancel();
        this.#scrapes.delete(request);
        resolve(snapshot);
      };
      const late = this.#options.clock.after(METRICS_TIMEOUT_MS, () => {
        done(undefined);
      });
      this.#scrapes.set(request, done);
      tell(worker, { kind: 'metrics', request });
    });
  }

  #tellAll(message: ToWorker): void {
    for (const { worker } of this.#places) if (worker !== undefined) tell(worker, message);
  }
}

function tell(worker: Worker, message: ToWorker): void {
  // One that has gone is noticed by its exit.
  if (worker.isConnected()) worker.send(message);
}
