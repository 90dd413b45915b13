import { readFileSync, readdirSync } from 'node:fs';

/** Linux counts in these. */
const MICROSECONDS_OF_A_TICK = 10_000;

/** The time that the children of a process have run so far, and those that are no more, in microseconds. */
export function cpuOfChildren(parent) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(statisticsOf);
  const children = all.filter((it) => it?.parent === parent);
  const ticks = children.reduce((sum, it) => sum + it.own, statisticsOf(parent).children);
  return ticks * MICROSECONDS_OF_A_TICK;
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
