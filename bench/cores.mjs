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
/** In microseconds; the kernel's own. Of much shorter ones it loses a part. */
const PERIOD = 100_000;
/** The kernel grants no less than a millisecond. */
const SMALLEST_SHARE = 0.01;

/**
 * Runs `work` with a PostgreSQL whose share of a core can be limited, by a group of the kernel's: `work` is given who does
 * that. Returns undefined where no group may be made: that takes root.
 */
export async function limitable(pid, work) {
  const group = groupOf();
  if (!group) return undefined;
  const before = join(group.hierarchy, group.of(pid));
  const move = (to) => [pid, ...childrenOf(pid)].forEach((it) => put(it, to));
  move(group.path);
  try {
    return await work(new Limit(group));
  } finally {
    move(before);
    rmdirSync(group.path);
  }
}

class Limit {
  #file;
  #line;

  constructor({ path, file, line }) {
    this.#file = join(path, file);
    this.#line = line;
  }

  set(share) {
    writeFileSync(this.#file, this.#line(Math.round(PERIOD * Math.max(share, SMALLEST_SHARE))));
  }

  lift() {
    writeFileSync(this.#file, this.#line(undefined));
  }

  /** A command that does as `set`, whatever arguments it is given. */
  command(share) {
    return ['sh', '-c', `echo ${this.#line(Math.round(PERIOD * Math.max(share, SMALLEST_SHARE)))} > ${this.#file}`, 'limit'];
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
function groupOf() {
  const first = existsSync('/sys/fs/cgroup/cpu/tasks');
  const hierarchy = first ? '/sys/fs/cgroup/cpu' : '/sys/fs/cgroup';
  const path = join(hierarchy, GROUP);
  try {
    mkdirSync(path, { recursive: true });
    if (first) writeFileSync(join(path, 'cpu.cfs_period_us'), String(PERIOD));
    else writeFileSync(join(hierarchy, 'cgroup.subtree_control'), '+cpu');
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return undefined;
    throw error;
  }
  const place = first ? /^\d+:(?:\w+,)*cpu(?:,\w+)*:(.*)$/m : /^0::(.*)$/m;
  return {
    hierarchy,
    path,
    file: first ? 'cpu.cfs_quota_us' : 'cpu.max',
    line: first ? (quota = -1) => String(quota) : (quota = 'max') => `${quota} ${PERIOD}`,
    of: (pid) => place.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))[1],
  };
}
