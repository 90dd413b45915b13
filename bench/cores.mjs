// Assigns CPU cores to processes, and limits their share. In production, PostgreSQL runs on a machine of its own and
// serves any number of functions. Here it gets a core of its own, or less of one if the measurement must saturate it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { childrenOf } from './processes.mjs';

/** The cores that this process may use. Their numbers may have gaps. */
const CORES = coresOf(process.pid);

/** Runs `work` with PostgreSQL on the first core, and every process that starts during the run on the others. */
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

/** Processes that these start later inherit the cores. */
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
/** In microseconds; the kernel's default. Much shorter periods are inaccurate. */
const PERIOD = 100_000;
/** The kernel grants at least a millisecond. */
const SMALLEST_SHARE = 0.01;

/**
 * Runs `work` with a PostgreSQL whose share of a core can be limited by a control group (cgroup). `work` receives the
 * limit. Returns undefined if the group cannot be created, which requires root.
 */
export async function limitable(pid, work) {
  const group = groupOf(pid);
  if (!group) return undefined;
  const limit = new Limit(group);
  // An interrupted run may have left its limit.
  limit.lift();
  try {
    move(pid, group.path);
    return await work(limit);
  } finally {
    limit.lift();
    await leave(pid, group);
  }
}

/** Moves all processes back and deletes the group, which the kernel allows when the ended ones are gone, too. */
async function leave(pid, { path, before }) {
  for (let attempt = 1; ; attempt += 1) {
    move(pid, before);
    try {
      return rmdirSync(path);
    } catch (error) {
      if (error.code !== 'EBUSY' || attempt === 50) throw error;
      await after(100);
    }
  }
}

/** Moves the postmaster first: the processes that it starts later inherit the group. */
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

  /** Returns a command that does the same as `set` and ignores its arguments. */
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
    // The process has ended.
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Returns the control group, in version 1 or 2: https://docs.kernel.org/scheduler/sched-bwc.html */
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
    // Without root or in a container, the group cannot be created.
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
