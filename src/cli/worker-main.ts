/** A gateway beside others, started by standalone with `workers` of `connect.conf`. */
import { messageOf } from '../common/errors.ts';
import { createWorkerRole, type WorkerRole } from './gateway-role.ts';
import { runRole } from './run-role.ts';
import { type FromWorker, type ToWorker, WORKER_VARIABLE } from './worker-messages.ts';

const worker = process.env[WORKER_VARIABLE];
let role: WorkerRole | undefined;

function tell(message: FromWorker): void {
  process.send?.(message);
}

await runRole({
  name: 'worker',
  create: (composition) => (role = createWorkerRole(composition, worker ?? '')),
  hasData: false,
  logFields: { worker },
  stopTimeoutMs: ({ connect }) => connect.stopTimeoutMs,
  announcer: {
    write: ({ mqtt = [], mqtts = [], ws = [], wss = [] }) => {
      tell({ kind: 'ready', where: { mqtt, mqtts, ws, wss } });
    },
    remove: () => undefined,
  },
  onShutdown(shutdown) {
    process.on('message', (message: ToWorker) => {
      switch (message.kind) {
        case 'stop':
          shutdown.begin('standalone stops');
          break;
        case 'reopenLog':
          process.emit('SIGHUP', 'SIGHUP');
          break;
        case 'metrics':
          sendMetrics(message.request);
          break;
      }
    });
    process.on('disconnect', () => {
      // The store was in it: nothing can be saved, and everything acknowledged is on disk.
      if (!shutdown.isStopping) process.exit(1);
    });
  },
});

function sendMetrics(request: number): void {
  const none = Promise.resolve(undefined);
  (role?.metrics() ?? none).then(
    (snapshot) => {
      tell({ kind: 'metrics', request, snapshot });
    },
    (error: unknown) => {
      process.stderr.write(`worker ${worker ?? ''}: no metrics: ${messageOf(error)}\n`);
      tell({ kind: 'metrics', request, snapshot: undefined });
    },
  );
}
