import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { failureList, failureSection } from '../../../../scripts/tests/failure-list.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';

const root = join(import.meta.dirname, '../../../..');

/** What mocha prints of a file of tests, in colours. */
async function mochaOf(tests: string): Promise<string> {
  const directory = await makeTempDir();
  try {
    const file = join(directory, 'some.test.mjs');
    await writeFile(file, tests);
    const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
    const reporter = join(root, 'test/helpers/closing-line-reporter.js');
    const { stdout } = spawnSync(
      process.execPath,
      [mocha, '--no-config', '--color', '--reporter', reporter, file],
      { encoding: 'utf8' },
    );
    return stdout;
  } finally {
    await removeTempDir(directory);
  }
}

describe('failure list of the tests', () => {
  it('has title, message and stack of each test that has failed, without colours', async () => {
    const output = await mochaOf(`
      describe('a channel', () => {
        it('opens', () => {});
        it('counts', () => { console.log('  7 failing'); throw new Error('one too many'); });
        it('closes', () => { throw new Error('still open'); });
      });`);
    expect(output).to.include('\u001b[');
    const list = failureList(output);
    expect(list).to.match(/^ {2}1\) a channel\n {7}counts:\n {5}Error: one too many\n {6}at /);
    expect(list).to.match(/ {2}2\) a channel\n {7}closes:\n {5}Error: still open\n {6}at .*\S$/s);
    expect(list).not.to.include('\u001b');
    expect(list).not.to.include('opens');
    expect(list).not.to.match(/\d passed/);
  }).timeout(30_000);

  it('is empty when nothing has failed', () => {
    expect(failureList('  ✔ opens\n\n\n  1 passing (2ms)\n\n1 passed, 0 failed\n')).to.equal('');
  });

  it('is the end of the output of a run that broke off', () => {
    const output = Array.from({ length: 100 }, (_, n) => `line ${n}`).join('\n');
    const list = failureList(`${output}\n\u001b[31mSegmentation fault\u001b[0m\n`).split('\n');
    expect(list).to.have.lengthOf(40);
    expect(list.at(-1)).to.equal('Segmentation fault');
  });

  it('is put together from the runs that have one', () => {
    const failed = '  0 passing\n  1 failing\n\n  1) closes\n     Error\n\n\n0 passed, 1 failed\n';
    expect(
      failureSection([
        { name: 'unit', output: '3 passed, 0 failed\n' },
        { name: 'wire', output: failed },
        { name: 'crash', output: 'killed\n' },
      ]),
    ).to.equal('Failed in wire:\n\n  1) closes\n     Error\n\nFailed in crash:\n\nkilled\n\n');
    expect(failureSection([{ name: 'unit', output: '3 passed, 0 failed\n' }])).to.equal('');
  });
});
