import { GROWTH } from '../cases.mjs';
import { goal, milliseconds, print } from '../report.mjs';
import { eventFor, shuffled } from '../requests.mjs';

/**
 * Rounds over all requests, each in another order, because a request to the same room as the one before finds its
 * data in the CPU cache.
 */
const TURNS = 100;

/**
 * Table `growth`: the same request on growing amounts of data, in turns, so that other load on the machine affects all
 * alike.
 */
export async function growth({ driver, quick }) {
  const tables = [];
  for (const { title, function: name, requests, flat, below } of GROWTH) {
    const each = Object.entries(requests).map(([group, it]) => ({ group, ...eventFor(it) }));
    const events = Array.from({ length: TURNS }, () => shuffled(each)).flat();
    const found = await driver.load({
      environments: [driver.environment(name)],
      events,
      answers: [200],
      warm_up: 10 * each.length,
      requests: (quick ? 20 : 1000) * each.length,
    });
    const rows = Object.keys(requests).map((group) => ({ name: group, p50: milliseconds(found.groups[group].p50), p99: milliseconds(found.groups[group].p99) }));
    print(`4. ${title}, in ms`, ['', 'p50', 'p99'], rows.map((row) => [row.name, row.p50, row.p99]));
    console.log();
    const fastest = Math.min(...rows.map((row) => row.p50));
    const goals = [];
    if (flat) goals.push(goal('Flat within 10 %', rows, (row) => row.p50 <= 1.1 * fastest));
    if (below) goals.push(goal(`Under ${below} ms`, rows, (row) => row.p50 < below));
    tables.push({ title, rows, goals });
  }
  return { tables };
}
