// Who has which cores, and how much of them. In the cloud PostgreSQL is a machine of its own and has any number of
// functions before it; here it has a core of its own, and less than that where it is to be what is saturated.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childrenOf } from './processes.mjs';

/** The cores that this process may use, one by one: there may be gaps. */
const CORES = coresOf(process.pid);

/** Runs `work` with PostgreSQL on the first core, and all that is started meanwhile on the others. */
export async function apart(pid, work) {
  if (CORES.length === 1) return work();
  const [first, ...others] = CORES;
  place([pid, ...childrenOf(pid)], [first]);
  place([process.pid], others);
  try {
    return await work();
  } finally {
    place([pid, ...childrenOf(pid)], CORES);
    place([process.pid], CORES);
  }
}

/** What a process starts from then on has its cores. */
function place(pids, cores) {
  for (const pid of pids) {
    try {
      execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores.join(), String(pid)], { stdio: 'pipe' });
    } catch (error) {
      if (existsSync(`/proc/${pid}`)) throw error;
    }
  }
}

function coresOf(pid) {
  const [, list] = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, k) => first + k);
  });
}

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
  const group = groupOf(pid);
  if (!group) return undefined;
  const limit = new Limit(group);
  // Of a run that was broken off.
  limit.lift();
  try {
    move(pid, group.path);
    return await work(limit);
  } finally {
    limit.lift();
    move(pid, group.before);
    rmdirSync(group.path);
  }
}

/** The postmaster first: what it starts from then on is where it is. */
function move(pid, group) {
  put(pid, group);
  for (const it of childrenOf(pid)) put(it, group);
}

class Limit {
  #file;
  #line;

  constructor({ path, file, line }) {
    this.#file = join(path, file);
    this.#line = line;
  }

  set(share) {
    writeFileSync(this.#file, this.#of(share));
  }

  lift() {
    writeFileSync(this.#file, this.#line(undefined));
  }

  /** A command that does as `set`, whatever arguments it is given. */
  command(share) {
    return ['sh', '-c', `echo ${this.#of(share)} > ${this.#file}`, 'limit'];
  }

  #of(share) {
    return this.#line(Math.round(PERIOD * Math.max(share, SMALLEST_SHARE)));
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
function groupOf(pid) {
  const first = existsSync('/sys/fs/cgroup/cpu/tasks');
  const hierarchy = first ? '/sys/fs/cgroup/cpu' : '/sys/fs/cgroup';
  const path = join(hierarchy, GROUP);
  const place = first ? /^\d+:(?:\w+,)*cpu(?:,\w+)*:(.*)$/m : /^0::(.*)$/m;
  const before = join(hierarchy, place.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? 'none');
  try {
    if (!existsSync(before)) return undefined;
    mkdirSync(path, { recursive: true });
    if (first) writeFileSync(join(path, 'cpu.cfs_period_us'), String(PERIOD));
    else writeFileSync(join(hierarchy, 'cgroup.subtree_control'), '+cpu');
  } catch (error) {
    // Not ours to make: no root, or a container's.
    if (['EACCES', 'EBUSY', 'EINVAL', 'ENOENT', 'EPERM', 'EROFS'].includes(error.code)) return undefined;
    throw error;
  }
  return {
    path,
    before,
    file: first ? 'cpu.cfs_quota_us' : 'cpu.max',
    line: first ? (quota = -1) => String(quota) : (quota = 'max') => `${quota} ${PERIOD}`,
  };
}
