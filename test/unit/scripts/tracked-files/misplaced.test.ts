import { expect } from 'chai';
import { misplaced } from '../../../../scripts/tracked-files/misplaced.ts';

const pathsOf = (paths: readonly string[]) => misplaced(paths).map(({ path }) => path);

describe('scripts: tracked files that have no place', () => {
  it('are those that a run leaves behind, wherever they are', () => {
    const left = [
      'isolate-0x320cb920-30178-v8.log',
      'src/lmq/store.log',
      'benchmark/CPU.20261123.cpuprofile',
      'docs/Heap.heapprofile',
      'test/Heap.heapsnapshot',
      'bin/core',
      'src/core.30178',
      'test/unit/report.20261123.055559.30178.0.001.json',
    ];
    expect(pathsOf(left)).to.deep.equal(left);
    for (const { reason } of misplaced(left)) expect(reason).to.match(/^left behind by a run/);
  });

  it('are those at the top, or in a folder there, that are not on the list', () => {
    const [note, folder, ...rest] = misplaced(['notes.md', 'tmp/a/b.ts', 'src/a.ts']);
    expect(note).to.include({ path: 'notes.md' });
    expect(note?.reason).to.include('add notes.md to');
    expect(folder).to.include({ path: 'tmp/a/b.ts' });
    expect(folder?.reason).to.include('add tmp to');
    expect(rest).to.deep.equal([]);
  });

  it('are not the files that only look like them', () => {
    const paths = [
      'README.md',
      '.ci/run',
      'src/lmq/server/store-core.ts',
      'src/core.ts',
      'src/common/log.ts',
      'test/unit/admin/report.json',
    ];
    expect(pathsOf(paths)).to.deep.equal([]);
  });
});
