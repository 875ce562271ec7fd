import { createGatewayRole } from './gateway-role.ts';
import { runRole } from './run-role.ts';

await runRole({
  name: 'gateway',
  create: createGatewayRole,
  hasData: false,
  stopTimeoutMs: ({ connect }) => connect.stopTimeoutMs,
});
