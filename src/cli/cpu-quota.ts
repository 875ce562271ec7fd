import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Cores' worth of CPU time that the control groups of this process leave to it (`docker --cpus`, `CPUQuota` of
 * systemd); Infinity without a limit. `availableParallelism` of Node.js 20 counts the cores that it may run on, and
 * does not know of these (ADR 701). `bin/cores.sh` reads the same files.
 * @param root where `proc` and `sys` are
 */
export function cpuQuota(root = '/'): number {
  let least = Infinity;
  for (const line of textOf(join(root, 'proc/self/cgroup'))?.split('\n') ?? []) {
    const [, controllers, ...path] = line.split(':');
    const version = versionOf(controllers);
    if (version === undefined) continue;
    // A group gets no more than those that it is in; a container often sees its own one alone, as the topmost.
    for (const group of upwards(path.join(':'))) {
      least = Math.min(least, version.quota(join(root, version.mount, group)));
    }
  }
  return least;
}

interface Version {
  readonly mount: string;
  /** Of one group's directory. */
  readonly quota: (directory: string) => number;
}

const VERSION_1: Version = {
  mount: 'sys/fs/cgroup/cpu',
  quota: (directory) =>
    ratio(
      textOf(join(directory, 'cpu.cfs_quota_us')),
      textOf(join(directory, 'cpu.cfs_period_us')),
    ),
};

const VERSION_2: Version = {
  mount: 'sys/fs/cgroup',
  quota: (directory) => ratio(...(textOf(join(directory, 'cpu.max'))?.split(' ') ?? [])),
};

function versionOf(controllers: string | undefined): Version | undefined {
  if (controllers === '') return VERSION_2;
  return controllers?.split(',').includes('cpu') === true ? VERSION_1 : undefined;
}

function upwards(path: string): string[] {
  return path === '/' || !path.startsWith('/') ? ['/'] : [path, ...upwards(dirname(path))];
}

/** Quota and period are in microseconds; without a limit the quota is `max` or -1. */
function ratio(quota?: string, period?: string): number {
  const cores = Number(quota) / Number(period);
  return cores > 0 ? cores : Infinity;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // No Linux, or the group is not to be seen from here: then it is not known to be limited.
    return undefined;
  }
}
