import { runRole, STANDALONE } from './run-role.ts';
import { createStandalone } from './standalone.ts';

await runRole({
  name: STANDALONE,
  create: createStandalone,
  hasData: true,
  stopTimeoutMs: ({ connect }) => connect.stopTimeoutMs,
});
