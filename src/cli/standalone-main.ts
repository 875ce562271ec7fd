import { checkGatewayFiles } from './check-files.ts';
import { runRole, STANDALONE } from './run-role.ts';
import { createStandalone } from './standalone.ts';

await runRole({
  name: STANDALONE,
  create: createStandalone,
  checkFiles: checkGatewayFiles,
  hasData: true,
  stopTimeoutMs: ({ connect }) => connect.stopTimeoutMs,
});
