// Who has which cores, and how much of them. In the cloud PostgreSQL is a machine of its own and has any number of
// functions before it; here it has a core of its own, and less than that where it is to be what is saturated.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { childrenOf } from './processes.mjs';

const LAST = availableParallelism() - 1;
const ALL = `0-${LAST}`;

/** Runs `work` with PostgreSQL on the first core, and all that is started meanwhile on the others. */
export async function apart(pid, work) {
  if (LAST === 0) return work();
  place(pid, '0');
  place(process.pid, `1-${LAST}`);
  try {
    return await work();
  } finally {
    place(pid, ALL);
    place(process.pid, ALL);
  }
}

/** What a process starts from then on has its cores. */
const place = (pid, cores) => execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)], { stdio: 'pipe' });

const GROUP = 'relais-bench';
/** In microseconds: short, so that it never stands still for long. A share may not be below a millisecond. */
const PERIOD = 10_000;
export const SMALLEST_SHARE = 0.1;

/**
 * Runs `work` with a PostgreSQL that has this share of a core and no more, by a group of the kernel's. Returns undefined
 * where none may be made: that takes root.
 */
export async function limited(pid, share, work) {
  const quota = Math.round(PERIOD * share);
  const group = groupOf(quota);
  if (!group) return undefined;
  const before = join(group.hierarchy, group.of(pid));
  const move = (to) => [pid, ...childrenOf(pid)].forEach((it) => put(it, to));
  move(group.path);
  try {
    return await work();
  } finally {
    move(before);
    rmdirSync(group.path);
  }
}

function put(pid, group) {
  try {
    writeFileSync(join(group, 'cgroup.procs'), String(pid));
  } catch (error) {
    // It has ended meanwhile.
    if (error.code !== 'ESRCH') throw error;
  }
}

/** The first version of the kernel's groups, or the second: https://docs.kernel.org/scheduler/sched-bwc.html */
function groupOf(quota) {
  const first = existsSync('/sys/fs/cgroup/cpu/tasks');
  const hierarchy = first ? '/sys/fs/cgroup/cpu' : '/sys/fs/cgroup';
  const path = join(hierarchy, GROUP);
  try {
    mkdirSync(path, { recursive: true });
    if (first) {
      writeFileSync(join(path, 'cpu.cfs_period_us'), String(PERIOD));
      writeFileSync(join(path, 'cpu.cfs_quota_us'), String(quota));
    } else {
      writeFileSync(join(hierarchy, 'cgroup.subtree_control'), '+cpu');
      writeFileSync(join(path, 'cpu.max'), `${quota} ${PERIOD}`);
    }
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return undefined;
    throw error;
  }
  const line = first ? /^\d+:(?:\w+,)*cpu(?:,\w+)*:(.*)$/m : /^0::(.*)$/m;
  return { hierarchy, path, of: (pid) => line.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))[1] };
}
