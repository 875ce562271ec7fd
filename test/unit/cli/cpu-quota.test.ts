import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { cpuQuota } from '../../../src/cli/cpu-quota.ts';

const CORES_SH = resolve(import.meta.dirname, '../../../bin/cores.sh');
const NPROC = 64;

describe('CPU quota of control groups', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'lmqtt-'));
    write('bin/nproc', `#!/bin/sh\necho ${NPROC}\n`, 0o755);
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  function write(path: string, text: string, mode = 0o644): void {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
  }

  /** What the shell makes of the same files on a machine of 64 cores. */
  function ofShell(variables: Readonly<Record<string, string>> = {}): number {
    const env = {
      ...process.env,
      ...variables,
      PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`,
    };
    const { stdout, stderr } = spawnSync('sh', [CORES_SH, root], { env, encoding: 'utf8' });
    expect(stderr).to.equal('');
    return Number(stdout);
  }

  function expectQuota(quota: number): void {
    expect(cpuQuota(root)).to.equal(quota);
    expect(ofShell()).to.equal(Math.max(1, Math.min(NPROC, Math.floor(quota))));
  }

  it('is none where there are no control groups', () => {
    expectQuota(Infinity);
  });

  it('has nothing to do with what OpenMP is told, which nproc looks at', () => {
    write('bin/nproc', '#!/bin/sh\necho "${OMP_NUM_THREADS-${OMP_THREAD_LIMIT-64}}"\n', 0o755);
    const set = { OMP_NUM_THREADS: '3', OMP_THREAD_LIMIT: '2' };
    expect(ofShell(set)).to.equal(NPROC);
  });

  it('is that of the topmost group in a container (version 2)', () => {
    write('proc/self/cgroup', '0::/\n');
    write('sys/fs/cgroup/cpu.max', '250000 100000\n');
    expectQuota(2.5);
  });

  it('is the least on the way up (version 2)', () => {
    write('proc/self/cgroup', '0::/system.slice/lmqtt.service\n');
    write('sys/fs/cgroup/system.slice/lmqtt.service/cpu.max', '800000 100000\n');
    write('sys/fs/cgroup/system.slice/cpu.max', '300000 100000\n');
    expectQuota(3);
    write('sys/fs/cgroup/system.slice/lmqtt.service/cpu.max', '50000 100000\n');
    expectQuota(0.5);
  });

  it('is none at max, and where the group is not to be seen', () => {
    write('proc/self/cgroup', '0::/../elsewhere\n');
    expectQuota(Infinity);
    write('sys/fs/cgroup/cpu.max', 'max 100000\n');
    expectQuota(Infinity);
  });

  it('is that of the controller cpu (version 1)', () => {
    write(
      'proc/self/cgroup',
      '9:name=systemd:/\n4:cpu,cpuacct:/docker/a:b\n3:cpuset:/docker/x\n0::/\n',
    );
    write('sys/fs/cgroup/cpu/docker/a:b/cpu.cfs_quota_us', '200000\n');
    write('sys/fs/cgroup/cpu/docker/a:b/cpu.cfs_period_us', '50000\n');
    write('sys/fs/cgroup/cpu/cpu.cfs_quota_us', '-1\n');
    write('sys/fs/cgroup/cpu/cpu.cfs_period_us', '100000\n');
    expectQuota(4);
  });

  it('in a container of version 1 is found at the top', () => {
    write('proc/self/cgroup', '4:cpu:/docker/of-the-host\n');
    write('sys/fs/cgroup/cpu/cpu.cfs_quota_us', '150000\n');
    write('sys/fs/cgroup/cpu/cpu.cfs_period_us', '100000\n');
    expectQuota(1.5);
  });

  it('is the same for this process by the shell', () => {
    const { stdout } = spawnSync('sh', [CORES_SH], { encoding: 'utf8' });
    const cores = Math.max(1, Math.min(availableParallelism(), Math.floor(cpuQuota())));
    expect(Number(stdout)).to.equal(cores);
  });
});
