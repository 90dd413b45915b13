import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

/** Linux counts in these. */
const MICROSECONDS_OF_A_TICK = 10_000;

/** The time that the children of a process have run so far, and those that are no more, in microseconds. */
export async function cpuOfChildren(parent) {
  // Of one that is just ending, its parent may not know yet.
  await after(300);
  const ticks = childrenOf(parent).reduce((sum, pid) => sum + (statisticsOf(pid)?.own ?? 0), statisticsOf(parent).children);
  return ticks * MICROSECONDS_OF_A_TICK;
}

/** The processes that it has started and that still run. */
export function childrenOf(parent) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statisticsOf(name)?.parent === parent).map(Number);
}

/** proc(5): the fields after the name, which may hold spaces. */
function statisticsOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ').map(Number);
    return { parent: fields[1], own: fields[11] + fields[12], children: fields[13] + fields[14] };
  } catch {
    return undefined;
  }
}
