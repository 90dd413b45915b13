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

/** Parses the fields after the name, which may contain spaces: proc(5). */
function statisticsOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').map(Number);
    return { parent: fields[1], own: fields[11] + fields[12], children: fields[13] + fields[14] };
  } catch {
    return undefined;
  }
}
