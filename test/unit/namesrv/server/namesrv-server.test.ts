import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../../src/common/clock.ts';
import { ListenError } from '../../../../src/common/errors.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { createNamesrv } from '../../../../src/namesrv/server/namesrv-server.ts';
import type { Namesrv, NamesrvOptions } from '../../../../src/namesrv/server/namesrv-server.ts';
import { RemotingClient } from '../../../../src/remoting/remoting-client.ts';
import type { RemotingCommand, SerializeType } from '../../../../src/remoting/remoting-command.ts';
import { SerializeType as Types } from '../../../../src/remoting/remoting-command.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';

describe('name server', () => {
  let directory: string;
  let namesrv: Namesrv;
  const clients: RemotingClient[] = [];

  function make(options: Partial<NamesrvOptions> = {}): Namesrv {
    return createNamesrv({
      host: '127.0.0.1',
      port: 0,
      directory,
      logger: silentLogger,
      clock: systemClock,
      ...options,
    });
  }

  async function ask(
    code: number,
    fields: Record<string, string>,
    serializeType: SerializeType = Types.JSON,
  ): Promise<Pick<RemotingCommand, 'code' | 'remark' | 'extFields' | 'body'>> {
    const client = new RemotingClient({
      host: '127.0.0.1',
      port: namesrv.port,
      clock: systemClock,
      serializeType,
    });
    clients.push(client);
    return client.invoke({ code, extFields: new Map(Object.entries(fields)) });
  }

  beforeEach(async () => {
    directory = await makeTempDir();
    namesrv = make();
    await namesrv.start();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await namesrv.stop();
    await removeTempDir(directory);
  });

  for (const [name, type] of Object.entries(Types)) {
    describe(`with ${name} headers`, () => {
      it('puts (100), gets (101), lists (219) and deletes (102)', async () => {
        const put = await ask(100, { namespace: 'LMQ', key: 'k', value: 'v' }, type);
        expect(put).to.deep.include({ code: 0, remark: undefined, body: undefined });
        expect(namesrv.kv.get('LMQ', 'k')).to.equal('v');

        const got = await ask(101, { namespace: 'LMQ', key: 'k' }, type);
        expect(got.code).to.equal(0);
        expect([...got.extFields]).to.deep.equal([['value', 'v']]);

        const listed = await ask(219, { namespace: 'LMQ' }, type);
        expect(listed.code).to.equal(0);
        expect(listed.body?.toString()).to.equal('{"table":{"k":"v"}}');

        expect((await ask(102, { namespace: 'LMQ', key: 'k' }, type)).code).to.equal(0);
        expect(namesrv.kv.get('LMQ', 'k')).to.equal(undefined);
      });

      it('keeps an empty value', async () => {
        await ask(100, { namespace: 'LMQ', key: 'k', value: '' }, type);
        const got = await ask(101, { namespace: 'LMQ', key: 'k' }, type);
        expect(got.code).to.equal(0);
        expect(got.extFields.get('value')).to.equal('');
      });
    });
  }

  it('answers 22 for a missing key, in the words of RocketMQ', async () => {
    const answer = await ask(101, { namespace: 'LMQ', key: 'none' });
    expect(answer).to.deep.include({
      code: 22,
      remark: 'No config item, Namespace: LMQ Key: none',
    });
  });

  it('answers 22 for a namespace without keys', async () => {
    expect((await ask(219, { namespace: 'none' })).code).to.equal(22);
    await ask(100, { namespace: 'n', key: 'k', value: 'v' });
    await ask(102, { namespace: 'n', key: 'k' });
    expect((await ask(219, { namespace: 'n' })).code).to.equal(22);
  });

  it('answers 0 when a missing key is deleted', async () => {
    expect((await ask(102, { namespace: 'LMQ', key: 'none' })).code).to.equal(0);
  });

  it('answers 1 when namespace or key is missing', async () => {
    const remark = 'namespace or key is null';
    for (const code of [100, 101, 102]) {
      expect(await ask(code, { namespace: 'LMQ', value: 'v' })).to.deep.include({
        code: 1,
        remark,
      });
      expect(await ask(code, { key: 'k', value: 'v' })).to.deep.include({ code: 1, remark });
    }
    expect((await ask(100, { namespace: 'LMQ', key: 'k' })).code).to.equal(1);
    expect((await ask(219, {})).code).to.equal(1);
  });

  it('answers 1 with the reason when a limit is exceeded', async () => {
    await namesrv.stop();
    namesrv = make({ kvConfigLimits: { maxValueBytes: 3 } });
    await namesrv.start();
    const answer = await ask(100, { namespace: 'LMQ', key: 'k', value: 'long' });
    expect(answer).to.deep.include({
      code: 1,
      remark: 'value too large: 4 bytes, the limit is 3',
    });
  });

  it('says how many connections are open', async () => {
    expect(namesrv.connections).to.equal(0);
    await ask(219, { namespace: 'LMQ' });
    await ask(219, { namespace: 'LMQ' });
    expect(namesrv.connections).to.equal(2);
  });

  it('answers 3 for requests that it does not serve', async () => {
    const answer = await ask(103, { topic: 't' });
    expect(answer).to.deep.include({ code: 3, remark: ' request type 103 not supported' });
  });

  it('has what was put again after a restart, on another port', async () => {
    await ask(100, { namespace: 'LMQ', key: 'k', value: 'é,日本' });
    await namesrv.stop();
    namesrv = make();
    await namesrv.start();
    expect((await ask(101, { namespace: 'LMQ', key: 'k' })).extFields.get('value')).to.equal(
      'é,日本',
    );
  });

  it('calls watchers of its own process when a peer puts', async () => {
    const seen: unknown[] = [];
    namesrv.kv.watch('LMQ', (change) => seen.push(change));
    await ask(100, { namespace: 'LMQ', key: 'k', value: 'v' });
    expect(seen).to.deep.equal([{ namespace: 'LMQ', key: 'k', value: 'v' }]);
  });

  it('fails with ListenError naming host:port when the port is taken, and leaves nothing open', async () => {
    const { port } = namesrv;
    const second = make({ port, directory: join(directory, 'second') });
    const error: unknown = await second.start().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ListenError);
    expect((error as Error).message).to.contain(`127.0.0.1:${String(port)}`);
    await namesrv.stop();
    await second.start();
    await second.stop();
  });

  it('does not start on a corrupt file, and leaves it as it is', async () => {
    await namesrv.stop();
    const file = join(directory, 'kvConfig.json');
    await writeFile(file, '{');
    const error: unknown = await make()
      .start()
      .catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.contain(file);
    expect(await readFile(file, 'utf8')).to.equal('{');
  });
});
