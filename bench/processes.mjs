import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

/** The unit of CPU times in /proc. */
const MICROSECONDS_OF_A_TICK = 10_000;

/** Returns the CPU time of a process's running and ended children, in microseconds. */
export async function cpuOfChildren(parent) {
  // Waits until the parent has collected children that are just ending.
  await after(300);
  const ticks = childrenOf(parent).reduce((sum, pid) => sum + (statisticsOf(pid)?.own ?? 0), statisticsOf(parent).children);
  return ticks * MICROSECONDS_OF_A_TICK;
}

/** Returns the running children of a process. */
export function childrenOf(parent) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statisticsOf(name)?.parent === parent).map(Number);
}

/** Returns a command that records the state of all processes in a file, and ignores its arguments. */
export const snapshotCommand = (file) => ['sh', '-c', 'cat /proc/[0-9]*/stat > "$0" 2> /dev/null || true', file];

/** Returns the CPU time of a process's running and ended children in a file of `snapshotCommand`, in microseconds. */
export function cpuInSnapshot(file, parent) {
  const all = readFileSync(file, 'utf8').trim().split('\n').map((line) => ({ pid: parseInt(line), ...parse(line) }));
  const children = all.filter((it) => it.parent === parent).reduce((sum, it) => sum + it.own, 0);
  return (children + all.find((it) => it.pid === parent).children) * MICROSECONDS_OF_A_TICK;
}

function statisticsOf(pid) {
  try {
    return parse(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Parses the fields after the name, which may contain spaces: proc(5). */
function parse(line) {
  const fields = line.replace(/^.*\) /s, '').split(' ').map(Number);
  return { parent: fields[1], own: fields[11] + fields[12], children: fields[13] + fields[14] };
}
