import { checkGatewayFiles } from './check-files.ts';
import { createGatewayRole } from './gateway-role.ts';
import { runRole } from './run-role.ts';

await runRole({
  name: 'gateway',
  create: createGatewayRole,
  checkFiles: checkGatewayFiles,
  hasData: false,
  stopTimeoutMs: ({ connect }) => connect.stopTimeoutMs,
});
