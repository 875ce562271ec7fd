import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../../src/common/clock.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { createEmbeddedStore } from '../../../../src/lmq/embedded/embedded-store.ts';
import {
  createStoreAdminServer,
  type StoreAdminServer,
} from '../../../../src/lmq/server/store-admin-server.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { runMqadmin } from '../../../../src/namesrv/mqadmin/mqadmin.ts';
import { createNamesrv, type Namesrv } from '../../../../src/namesrv/server/namesrv-server.ts';
import { RpcError, RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { StoreAdminClient } from '../../../../src/rpc/store-admin-client.ts';
import { failureOf } from '../../../helpers/failure-of.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';

describe('server of a store that has its gateway in the same process', () => {
  const host = '127.0.0.1';
  const common = { clock: systemClock, logger: silentLogger };
  let directory: string;
  let store: LmqStore;
  let server: StoreAdminServer;
  let namesrv: Namesrv;

  beforeEach(async () => {
    directory = await makeTempDir();
    store = createEmbeddedStore({ directory: join(directory, 'lmq') });
    const backupDirectory = join(directory, 'backup');
    server = createStoreAdminServer({
      store,
      host,
      port: 0,
      credentials: {},
      backupDirectory,
      ...common,
    });
    namesrv = createNamesrv({ host, port: 0, directory: join(directory, 'namesrv'), ...common });
    for (const service of [store, server, namesrv]) await service.start();
  });

  afterEach(async () => {
    for (const service of [namesrv, server, store]) await service.stop();
    await removeTempDir(directory);
  });

  function register(address: string): void {
    namesrv.registry.stores.register({
      name: 'own',
      address,
      minProtocolVersion: 1,
      protocolVersion: 1,
      topics: [],
      epoch: 1,
      version: '1.0.0',
    });
  }

  async function mqadmin(...args: string[]): Promise<{ code: number; text: string }> {
    let text = '';
    const add = (some: string): void => void (text += some);
    const code = await runMqadmin(args, {
      defaultNamesrvAddr: `${host}:${String(namesrv.port)}`,
      stdout: add,
      stderr: add,
      clock: systemClock,
    });
    return { code, text };
  }

  it('makes a backup for mqadmin', async () => {
    register(`${host}:${String(server.port)}`);
    const { code, text } = await mqadmin('backupStore', '-b', 'own', '-d', 'monday');
    expect(code, text).to.equal(0);
    expect(text).to.include('backup of store own in ');
    expect(existsSync(join(directory, 'backup', 'monday', 'CURRENT'))).to.equal(true);
  });

  it('tells the progress of a consumer', async () => {
    register(`${host}:${String(server.port)}`);
    const { code, text } = await mqadmin('consumerProgress', '-g', 'nobody');
    expect(code).to.equal(1);
    expect(text).to.include('"nobody" has no offset in any queue');
  });

  it('has nothing of a cluster', async () => {
    const address = `${host}:${String(server.port)}`;
    const client = new StoreAdminClient({ address, credentials: {}, clock: systemClock });
    try {
      for (const call of [client.getNodes(), client.requireGeneration(1), client.listFilters()]) {
        const error = await failureOf(call);
        expect(error)
          .to.be.instanceOf(RpcError)
          .and.to.include({ status: RpcStatus.UNIMPLEMENTED });
      }
    } finally {
      client.close();
    }
  });

  it('where there is none, mqadmin names the key, and 106 no address of the store', async () => {
    register('');
    for (const command of [
      ['backupStore', '-b', 'own', '-d', 'monday'],
      ['consumerProgress', '-g', 'c'],
    ]) {
      const { code, text } = await mqadmin(...command);
      expect(code).to.equal(1);
      expect(text).to.equal(
        'store own is in one process with its gateway, where commands are off: set enableStoreAdmin = true in lmq.conf and restart\n',
      );
    }
    const { code, text } = await mqadmin('updateTopic', '-c', 'DefaultCluster', '-t', 'sensors');
    expect(code).to.equal(0);
    expect(text).to.include(`create topic to ${host}:${String(namesrv.port)} success.`);
  });
});
