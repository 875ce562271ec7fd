import { expect } from 'chai';
import { systemClock } from '../../../src/common/clock.ts';
import { ListenError } from '../../../src/common/errors.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import type { StoreAdminMethods } from '../../../src/rpc/messages/storeadmin-v1.ts';
import { loadService } from '../../../src/rpc/proto.ts';
import { RpcClient } from '../../../src/rpc/rpc-client.ts';
import { RpcServer } from '../../../src/rpc/rpc-server.ts';
import type { RpcImplementation } from '../../../src/rpc/rpc-server.ts';
import { RpcError, RpcStatus } from '../../../src/rpc/rpc-status.ts';
import { failureOf } from '../../helpers/failure-of.ts';

const SERVICE = loadService<StoreAdminMethods>('lmqtt.storeadmin.v1.StoreAdmin');
type Handler = RpcImplementation<StoreAdminMethods>['getConsumerProgress'];

describe('RpcServer and RpcClient', () => {
  let server: RpcServer;
  let client: RpcClient;

  async function serve(handler: Handler, options: object = {}): Promise<void> {
    const common = { credentials: {}, clock: systemClock, logger: silentLogger };
    server = new RpcServer({ host: '127.0.0.1', port: 0, ...common, ...options });
    const unused = (): never => {
      throw new Error('is not called');
    };
    server.addService(SERVICE, {
      getConsumerProgress: handler,
      getNodes: unused,
      requireGeneration: unused,
      listFilters: unused,
      importFilters: unused,
    });
    await server.start();
    client = new RpcClient({ address: `127.0.0.1:${String(server.port)}`, ...common });
  }

  const call = (timeoutMs = 2_000): Promise<unknown> =>
    client.unary(SERVICE.getConsumerProgress, { consumer: 'c' }, { timeoutMs });

  afterEach(async () => {
    client.close();
    await server.stop();
  });

  it('gives a handler the request, and the caller its answer', async () => {
    await serve(({ consumer }) => ({ queues: [], isCut: consumer === 'c' }));
    expect(await call()).to.deep.equal({ queues: [], isCut: true });
  });

  it('answers what a handler throws: its status, or INTERNAL', async () => {
    await serve(() => {
      throw new RpcError(RpcStatus.NOT_FOUND, 'not here');
    });
    const error = await failureOf(call());
    expect(error).to.deep.include({ status: RpcStatus.NOT_FOUND, retryable: false });
    expect((error as Error).message).to.match(/^127\.0\.0\.1:\d+: not here$/);
    client.close();
    await server.stop();
    await serve(() => Promise.reject(new Error('broken')));
    expect(await failureOf(call())).to.deep.include({ status: RpcStatus.INTERNAL });
  });

  it('answers with the status, however long the reason is', async () => {
    for (const length of [990, 20_000, 300_000]) {
      await serve(() => {
        // A pair of surrogates each, which must not be cut in two.
        throw new RpcError(RpcStatus.NOT_FOUND, `no key ${'🌡'.repeat(length)}`);
      });
      const error = await failureOf(call());
      expect(error).to.deep.include({ status: RpcStatus.NOT_FOUND });
      expect((error as Error).message).to.match(/^127\.0\.0\.1:\d+: no key 🌡+�?…$/u);
      client.close();
      await server.stop();
    }
  });

  it('fails a call at its deadline', async () => {
    await serve(() => new Promise(() => undefined), { drainTimeoutMs: 50 });
    const error = await failureOf(call(100));
    expect(error).to.deep.include({ status: RpcStatus.DEADLINE_EXCEEDED, retryable: true });
  });

  it('names an address that is taken', async () => {
    await serve(() => ({ queues: [], isCut: false }));
    const common = { credentials: {}, clock: systemClock, logger: silentLogger };
    const second = new RpcServer({ host: '127.0.0.1', port: server.port, ...common });
    const error = await failureOf(second.start());
    expect(error).to.be.instanceOf(ListenError);
    expect((error as Error).message).to.contain(`127.0.0.1:${String(server.port)}`);
  });

  it('stops within its time although a call hangs', async () => {
    await serve(() => new Promise(() => undefined), { drainTimeoutMs: 100 });
    const pending = failureOf(call(30_000));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedMs = performance.now();
    await server.stop();
    expect(performance.now() - startedMs).to.be.lessThan(1_500);
    expect(await pending).to.deep.include({ retryable: true });
  });
});
