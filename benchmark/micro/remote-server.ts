// The child of remote-store.bench.ts: DIRECTORY. A store server on a free port of loopback, which it prints; ends with
// its standard input.
import { systemClock } from '../../src/common/clock.ts';
import { silentLogger } from '../../src/common/logger.ts';
import { createEmbeddedStore } from '../../src/lmq/embedded/embedded-store.ts';
import { createStoreServer } from '../../src/lmq/server/store-server.ts';

const [directory = ''] = process.argv.slice(2);
const store = createEmbeddedStore({ directory });
await store.start();
const server = createStoreServer({
  store,
  host: '127.0.0.1',
  port: 0,
  leaseMs: 10_000,
  credentials: {},
  clock: systemClock,
  logger: silentLogger,
});
await server.start();
process.stdout.write(`${String(server.port)}\n`);
process.stdin.resume();
process.stdin.once('end', () => {
  void server.stop().then(() => store.stop());
});
