import { createLmqRole } from './lmq-role.ts';
import { runRole } from './run-role.ts';

await runRole({
  name: 'lmq',
  create: createLmqRole,
  hasData: true,
  stopTimeoutMs: ({ lmq }) => lmq.stopTimeoutMs,
});
