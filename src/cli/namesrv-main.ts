import { createNamesrvRole } from './namesrv-role.ts';
import { runRole } from './run-role.ts';

await runRole({
  name: 'namesrv',
  create: createNamesrvRole,
  hasData: true,
  stopTimeoutMs: ({ namesrv }) => namesrv.stopTimeoutMs,
});
