import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../../src/common/clock.ts';
import { RpcNamesrv } from '../../../../src/namesrv/client/namesrv-connection.ts';
import type { WatchListener } from '../../../../src/namesrv/client/namesrv-connection.ts';
import type { KvEntry } from '../../../../src/namesrv/kv-version.ts';
import type { RpcCredentials } from '../../../../src/rpc/credentials.ts';
import { RpcError, RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { TestAuthority } from '../../../helpers/certificates.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { failureOf } from '../../../helpers/failure-of.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { aGateway, aStore, NamesrvNodes } from '../namesrv-nodes.ts';

const RPC = { host: '127.0.0.1', port: 0, credentials: {} };

async function statusOf(promise: Promise<unknown>): Promise<RpcStatus> {
  const error = await failureOf(promise);
  expect(error).to.be.instanceOf(RpcError);
  return (error as RpcError).status;
}

describe('name server over gRPC', () => {
  let nodes: NamesrvNodes;
  const connections: RpcNamesrv[] = [];

  function connect(credentials: RpcCredentials = {}, timeoutMs = 2_000): RpcNamesrv {
    const address = `127.0.0.1:${String(nodes.servers[0]!.rpcPort)}`;
    const connection = new RpcNamesrv({ address, credentials, timeoutMs, clock: systemClock });
    connections.push(connection);
    return connection;
  }

  beforeEach(() => {
    nodes = new NamesrvNodes();
  });

  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close();
    await nodes.end();
  });

  describe('KV entries', () => {
    it('are written only if they have not changed, when asked', async () => {
      await nodes.add({ rpc: RPC });
      const connection = connect();
      const first = await connection.write('LMQ', 'a', '1', { version: undefined });
      expect(await statusOf(connection.write('LMQ', 'a', '2', { version: undefined }))).to.equal(
        RpcStatus.ABORTED,
      );
      const second = await connection.write('LMQ', 'a', '2', first);
      expect(second.version.timeMs).to.be.greaterThan(first.version.timeMs);
      expect(await statusOf(connection.write('LMQ', 'a', undefined, first))).to.equal(
        RpcStatus.ABORTED,
      );
      expect(await connection.find('LMQ', 'a')).to.deep.include({ value: '2' });
    });

    it('that are deleted are remembered, with their version', async () => {
      await nodes.add({ rpc: RPC });
      const connection = connect();
      await connection.write('LMQ', 'a', '1', undefined);
      const deleted = await connection.write('LMQ', 'a', undefined, undefined);
      expect(deleted.value).to.equal(undefined);
      expect(await connection.find('LMQ', 'a')).to.deep.equal({ ...deleted, value: undefined });
      expect(await connection.find('LMQ', 'b')).to.equal(undefined);
    });

    it('of another name server replace older ones only, and are there after a restart', async () => {
      await nodes.add({ rpc: RPC });
      const known = await connect().write('LMQ', 'a', '1', undefined);
      const older = { timeMs: known.version.timeMs - 1, writer: 'z' };
      await connect().merge([{ namespace: 'LMQ', key: 'a', value: 'old', version: older }]);
      expect(nodes.servers[0]!.kv.get('LMQ', 'a')).to.equal('1');
      const newer = { timeMs: known.version.timeMs + 1, writer: 'a' };
      await connect().merge([{ namespace: 'LMQ', key: 'a', value: 'new', version: newer }]);
      await nodes.stop(0);
      await nodes.start(0);
      const found = await connect().find('LMQ', 'a');
      expect(found).to.deep.include({ value: 'new', version: newer });
    });

    it('over a limit are refused for good, with the reason', async () => {
      await nodes.add({ rpc: RPC, kvConfigLimits: { maxValueBytes: 10 } });
      const error = await failureOf(connect().write('LMQ', 'a', 'x'.repeat(11), undefined));
      expect(error).to.deep.include({ status: RpcStatus.FAILED_PRECONDITION, retryable: false });
      expect((error as RpcError).message).to.contain('value too large: 11 bytes');
    });

    it('with a version that is none are refused', async () => {
      await nodes.add({ rpc: RPC });
      for (const version of [
        { timeMs: -1, writer: '' },
        { timeMs: Number.MAX_SAFE_INTEGER, writer: '' },
        { timeMs: 1, writer: 'w'.repeat(65) },
      ]) {
        const merged = connect().merge([{ namespace: 'LMQ', key: 'a', value: '', version }]);
        expect(await statusOf(merged)).to.equal(RpcStatus.INVALID_ARGUMENT);
      }
    });
  });

  describe('a watch', () => {
    function listen(): { events: string[]; listener: WatchListener } {
      const events: string[] = [];
      const listener: WatchListener = {
        entries: (entries: readonly KvEntry[]) => {
          for (const { key, value } of entries) events.push(`${key}=${String(value)}`);
        },
        registry: ({ stores }) => events.push(`stores ${String(stores.length)}`),
        snapshotEnd: () => events.push('end of snapshot'),
        end: () => events.push('over'),
      };
      return { events, listener };
    }

    it('tells what is there, that this was all, and each change at once', async () => {
      const { kv } = await nodes.add({ rpc: RPC });
      await kv.put('LMQ', 'a', '1');
      const { events, listener } = listen();
      connect().watch('me', listener);
      await eventually('the snapshot', () => events.includes('end of snapshot'));
      await kv.put('LMQ', 'b', '2');
      await connect().registerStore(aStore());
      await kv.delete('LMQ', 'a');
      await eventually('all of it', () => events.length >= 6);
      expect(events).to.deep.equal([
        'stores 0',
        'a=1',
        'end of snapshot',
        'b=2',
        'stores 1',
        'a=undefined',
      ]);
    });

    it('of a large table comes in parts', async () => {
      const { kv } = await nodes.add({ rpc: RPC });
      const value = 'x'.repeat(400_000);
      await Promise.all(
        Array.from({ length: 30 }, (_v, i) => kv.put('LMQ', `k${String(i)}`, value)),
      );
      const { events, listener } = listen();
      connect().watch('me', listener);
      await eventually('the snapshot', () => events.includes('end of snapshot'));
      expect(events).to.have.length(32);
    });

    it('ends when the name server stops, so that the watcher turns to another', async () => {
      await nodes.add({ rpc: RPC });
      const { events, listener } = listen();
      connect().watch('me', listener);
      await eventually('the snapshot', () => events.includes('end of snapshot'));
      const startedMs = performance.now();
      await nodes.stop(0);
      await eventually('its end', () => events.includes('over'));
      expect(performance.now() - startedMs).to.be.lessThan(1_000);
    });

    it('is refused when there are too many', async () => {
      await nodes.add({ rpc: { ...RPC, maxWatchers: 1 } });
      const [first, second] = [listen(), listen()];
      connect().watch('one', first.listener);
      await eventually('the snapshot', () => first.events.includes('end of snapshot'));
      connect().watch('two', second.listener);
      await eventually('the refusal', () => second.events.includes('over'));
      expect(second.events).to.deep.equal(['over']);
    });
  });

  describe('a registration', () => {
    it('of an older life is refused, and cannot end that of a younger one', async () => {
      const { registry } = await nodes.add({ rpc: RPC });
      await connect().registerStore(aStore({ epoch: 2 }));
      expect(await statusOf(connect().registerStore(aStore({ epoch: 1 })))).to.equal(
        RpcStatus.FAILED_PRECONDITION,
      );
      await connect().unregisterStore('store-1', 1);
      expect(registry.stores.list()).to.have.length(1);
      await connect().unregisterStore('store-1', 2);
      expect(registry.stores.list()).to.have.length(0);
    });

    it('says when to renew', async () => {
      await nodes.add({ rpc: RPC, registry: { renewAfterMs: 1_234 } });
      expect(await connect().registerGateway(aGateway())).to.equal(1_234);
    });

    for (const [what, values] of [
      ['without a name', { name: '' }],
      ['with a comma in its name', { name: 'a,b' }],
      ['without a port', { address: 'host' }],
      ['of topics below the first level', { topics: ['a/b'] }],
      ['of versions in the wrong order', { minProtocolVersion: 2 }],
    ] as const) {
      it(`${what} is refused`, async () => {
        await nodes.add({ rpc: RPC });
        const registered = connect().registerStore(aStore(values));
        expect(await statusOf(registered)).to.equal(RpcStatus.INVALID_ARGUMENT);
      });
    }

    it('over a limit is refused, a renewal is not', async () => {
      await nodes.add({ rpc: RPC, registry: { maxStores: 1, maxLength: 500 } });
      await connect().registerStore(aStore());
      const another = connect().registerStore(aStore({ name: 'store-2' }));
      expect(await statusOf(another)).to.equal(RpcStatus.RESOURCE_EXHAUSTED);
      const longer = connect().registerStore(aStore({ topics: ['t'.repeat(500)] }));
      expect(await statusOf(longer)).to.equal(RpcStatus.RESOURCE_EXHAUSTED);
      await connect().registerStore(aStore());
    });
  });

  describe('credentials', () => {
    it('let in who has the token, for calls and watches, and nobody else', async () => {
      await nodes.add({ rpc: { ...RPC, credentials: { token: 'secret' } } });
      for (const credentials of [{}, { token: 'secre' }, { token: 'secret2' }]) {
        const found = connect(credentials).find('LMQ', 'a');
        expect(await statusOf(found)).to.equal(RpcStatus.UNAUTHENTICATED);
      }
      expect(await connect({ token: 'secret' }).find('LMQ', 'a')).to.equal(undefined);
      const ended = new Promise<Error>((resolve) => {
        const ignore = (): void => undefined;
        const listener = { entries: ignore, registry: ignore, snapshotEnd: ignore, end: resolve };
        connect({ token: 'wrong' }).watch('me', listener);
      });
      expect(await ended).to.deep.include({ status: RpcStatus.UNAUTHENTICATED });
    });

    it('let in who shows a certificate of the authority, and nobody else', async () => {
      const directory = await makeTempDir();
      try {
        const authority = new TestAuthority(directory);
        const elsewhere = join(directory, 'other');
        mkdirSync(elsewhere);
        const other = new TestAuthority(elsewhere, 'another CA');
        const tlsOf = (ca: TestAuthority, files: { cert: string; key: string }) => ({
          tls: {
            ca: readFileSync(ca.caFile),
            cert: readFileSync(files.cert),
            key: readFileSync(files.key),
          },
        });
        const own = tlsOf(authority, authority.server());
        await nodes.add({ rpc: { ...RPC, credentials: { ...own, token: 'secret' } } });
        const right = { ...own, token: 'secret' };
        expect(await connect(right).find('LMQ', 'a')).to.equal(undefined);
        const foreign = tlsOf(authority, other.server());
        for (const wrong of [{ token: 'secret' }, { ...foreign, token: 'secret' }]) {
          const found = connect(wrong, 1_000).find('LMQ', 'a');
          expect([RpcStatus.UNAVAILABLE, RpcStatus.DEADLINE_EXCEEDED]).to.include(
            await statusOf(found),
          );
        }
      } finally {
        await removeTempDir(directory);
      }
    });
  });
});
