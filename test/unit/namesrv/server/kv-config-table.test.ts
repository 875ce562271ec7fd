import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ErrorCode } from '../../../../src/common/errors.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { KvConfigError } from '../../../../src/namesrv/server/kv-config-error.ts';
import { KvConfigTable } from '../../../../src/namesrv/server/kv-config-table.ts';
import type { KvConfigLimits } from '../../../../src/namesrv/server/kv-config-limits.ts';
import type { KvChange } from '../../../../src/namesrv/types.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';

async function failureOf(promise: Promise<unknown>): Promise<KvConfigError> {
  const outcome: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).to.be.instanceOf(KvConfigError);
  return outcome as KvConfigError;
}

describe('KvConfigTable', () => {
  let directory: string;
  let file: string;
  let errors: string[];

  async function open(limits: Partial<KvConfigLimits> = {}): Promise<KvConfigTable> {
    const logger = {
      ...silentLogger,
      error: (_fields: object, message: string) => errors.push(message),
    };
    const table = new KvConfigTable({ file, limits, logger });
    await table.start();
    return table;
  }

  async function onDisk(): Promise<unknown> {
    return JSON.parse(await readFile(file, 'utf8'));
  }

  async function tableOnDisk(): Promise<unknown> {
    const document = (await onDisk()) as { configTable: unknown };
    return document.configTable;
  }

  beforeEach(async () => {
    directory = await makeTempDir();
    file = join(directory, 'namesrv', 'kvConfig.json');
    errors = [];
  });

  afterEach(async () => {
    await removeTempDir(directory);
  });

  it('has a change in memory at once and on disk, in the form of RocketMQ, when the promise resolves', async () => {
    const table = await open();
    const written = table.put('LMQ', 'ALL_FIRST_TOPICS', 'a,b');
    expect(table.get('LMQ', 'ALL_FIRST_TOPICS')).to.equal('a,b');
    await written;
    expect(await tableOnDisk()).to.deep.equal({ LMQ: { ALL_FIRST_TOPICS: 'a,b' } });
    expect(await readdir(join(directory, 'namesrv'))).to.deep.equal(['kvConfig.json']);
  });

  it('has everything again after a restart', async () => {
    const first = await open();
    await Promise.all([
      first.put('LMQ', 'k', 'v'),
      first.put('LMQ', '', 'empty key'),
      first.put('other', '__proto__', 'p'),
      first.put('__proto__', 'toString', ''),
      first.put('LMQ', 'gone', 'x'),
    ]);
    await first.delete('LMQ', 'gone');
    await first.stop();
    const second = await open();
    expect([...second.list('LMQ')]).to.deep.equal([
      ['k', 'v'],
      ['', 'empty key'],
    ]);
    expect(second.get('other', '__proto__')).to.equal('p');
    expect(second.get('__proto__', 'toString')).to.equal('');
    expect(second.get('LMQ', 'gone')).to.equal(undefined);
    expect(second.list('nothing').size).to.equal(0);
  });

  it('reads a file written by RocketMQ', async () => {
    await mkdir(join(directory, 'namesrv'));
    await writeFile(file, '{\n\t"configTable":{"LMQ":{\n\t\t"t":"t/+"}\n\t}\n}');
    expect((await open()).get('LMQ', 't')).to.equal('t/+');
  });

  it('deletes a missing key without error', async () => {
    const table = await open();
    await table.delete('LMQ', 'none');
    expect(table.list('LMQ').size).to.equal(0);
  });

  it('makes few writes of many changes', async () => {
    const table = await open();
    const writes: Promise<void>[] = [];
    for (let i = 0; i < 5000; i++) writes.push(table.put('LMQ', `k${String(i % 50)}`, String(i)));
    const startedMs = performance.now();
    await Promise.all(writes);
    expect(performance.now() - startedMs).to.be.lessThan(2000);
    expect(await onDisk()).to.have.nested.property('configTable.LMQ.k49', '4999');
  });

  for (const [what, contents] of [
    ['an empty file', ''],
    ['half a file', '{"configTable":{"LMQ":{"a":"b'],
    ['another document', '{"name":"lmqtt"}'],
    ['a namespace that is no object', '{"configTable":{"LMQ":["a"]}}'],
    ['a value that is no string', '{"configTable":{"LMQ":{"a":1}}}'],
  ] as const) {
    it(`refuses ${what}, names it, and leaves it as it is`, async () => {
      await mkdir(join(directory, 'namesrv'));
      await writeFile(file, contents);
      const error = await failureOf(open());
      expect(error.code).to.equal(ErrorCode.KV_CONFIG);
      expect(error.message).to.contain(file);
      expect(await readFile(file, 'utf8')).to.equal(contents);
    });
  }

  it('names a directory that cannot be made', async () => {
    await writeFile(join(directory, 'namesrv'), 'a file');
    expect((await failureOf(open())).message).to.contain(file);
  });

  it('ignores and removes what an interrupted write left', async () => {
    await mkdir(join(directory, 'namesrv'));
    await writeFile(`${file}.tmp`, '{"configTable":{"LMQ":{"a"');
    const table = await open();
    expect(table.list('LMQ').size).to.equal(0);
    expect(await readdir(join(directory, 'namesrv'))).to.deep.equal([]);
  });

  it('rejects what it cannot write, keeps it, and writes it with the next change', async () => {
    const table = await open();
    await rm(join(directory, 'namesrv'), { recursive: true });
    const error = await failureOf(table.put('LMQ', 'a', '1'));
    expect(error.message).to.contain(file);
    expect(error.retryable).to.equal(true);
    expect(errors).to.deep.equal(['KV config not written']);
    expect(table.get('LMQ', 'a')).to.equal('1');
    await mkdir(join(directory, 'namesrv'));
    await table.put('LMQ', 'b', '2');
    expect(await tableOnDisk()).to.deep.equal({ LMQ: { a: '1', b: '2' } });
  });

  describe('limits', () => {
    const limits = { maxNamespaceBytes: 4, maxKeyBytes: 4, maxValueBytes: 4, maxKeys: 2 };

    it('refuse what is too long, in bytes', async () => {
      const table = await open(limits);
      await table.put('LMQ', 'kéy', 'vvvv');
      expect((await failureOf(table.put('spaces', 'k', 'v'))).message).to.match(
        /^namespace too large: 6 bytes, the limit is 4/,
      );
      expect((await failureOf(table.put('LMQ', 'kééé', 'v'))).message).to.match(
        /^key too large: 7/,
      );
      expect((await failureOf(table.put('LMQ', 'k', 'value'))).message).to.match(
        /^value too large/,
      );
      expect(table.list('LMQ').size).to.equal(1);
    });

    it('refuse one key too many, and take it after another has gone', async () => {
      const table = await open(limits);
      await table.put('a', '1', 'x');
      await table.put('b', '1', 'x');
      expect((await failureOf(table.put('c', '1', 'x'))).message).to.contain('3 keys');
      await table.put('b', '1', 'y');
      await table.delete('a', '1');
      await table.put('c', '1', 'x');
    });

    it('refuse more bytes in all than allowed, counting what was there at start', async () => {
      const first = await open();
      await first.put('n', 'k', '12345678');
      await first.stop();
      const table = await open({ maxTotalBytes: 12 });
      expect((await failureOf(table.put('n', 'l', '1'))).message).to.contain('13 bytes');
      await table.put('n', 'k', '1234567890');
      await table.put('n', 'k', '');
      await table.put('n', 'l', '1');
    });
  });

  describe('watch', () => {
    it('calls back at the change, in order, for its namespace only', async () => {
      const table = await open();
      const seen: KvChange[] = [];
      const unwatch = table.watch('LMQ', (change) => seen.push(change));
      const writes = [
        table.put('LMQ', 'a', '1'),
        table.put('other', 'a', '2'),
        table.delete('LMQ', 'a'),
      ];
      expect(seen).to.deep.equal([
        { namespace: 'LMQ', key: 'a', value: '1' },
        { namespace: 'LMQ', key: 'a', value: undefined },
      ]);
      unwatch();
      writes.push(table.put('LMQ', 'b', '3'));
      await Promise.all(writes);
      expect(seen).to.have.length(2);
    });

    it('tells a repeated value, but not that a missing key was deleted', async () => {
      const table = await open();
      await table.put('LMQ', 'a', '1');
      const seen: KvChange[] = [];
      table.watch('LMQ', (change) => seen.push(change));
      await table.put('LMQ', 'a', '1');
      await table.delete('LMQ', 'b');
      expect(seen).to.deep.equal([{ namespace: 'LMQ', key: 'a', value: '1' }]);
    });

    it('keeps the order for all when a watcher writes', async () => {
      const table = await open();
      const seen: string[] = [];
      table.watch('LMQ', ({ key }) => {
        if (key === 'a') void table.put('LMQ', 'b', 'nested');
      });
      table.watch('LMQ', ({ key }) => seen.push(key));
      await table.put('LMQ', 'a', '1');
      expect(seen).to.deep.equal(['a', 'b']);
      await table.stop();
      expect(await onDisk()).to.have.nested.property('configTable.LMQ.b', 'nested');
    });

    it('survives a watcher that throws', async () => {
      const table = await open();
      let calls = 0;
      table.watch('LMQ', () => {
        throw new Error('broken watcher');
      });
      table.watch('LMQ', () => calls++);
      await table.put('LMQ', 'a', '1');
      expect(calls).to.equal(1);
      expect(errors).to.deep.equal(['a watcher of the KV config failed']);
    });
  });

  it('refuses changes after stop', async () => {
    const table = await open();
    await table.stop();
    await table.stop();
    expect((await failureOf(table.put('LMQ', 'a', '1'))).message).to.contain('is closed');
    expect((await failureOf(table.delete('LMQ', 'a'))).message).to.contain('is closed');
  });
});
