import { CONNECTED, pgbench } from './pgbench.mjs';
import { cpuOfChildren } from './processes.mjs';
import { median } from './report.mjs';
import { eventsOf, firstOf, ROUND } from './requests.mjs';

/**
 * The number of rounds, in which the function and pgbench take turns. Other load on the machine affects both, and the
 * median counts.
 */
export const ROUNDS = 3;
/** Requests per environment until the statement is prepared and has a generic plan. */
export const WARM_UP = 10;

/** Returns the median of each figure. */
export const middle = (rounds) => Object.fromEntries(Object.keys(rounds[0]).map((figure) => [figure, median(rounds.map((it) => it[figure]))]));

/** Returns the number of requests if each can be sent only once; otherwise undefined, and the duration is fixed. */
const numberOf = (it, quick) => it.requests && Math.ceil(it.requests / (quick ? 10 : ROUNDS));

/** Starts to count PostgreSQL's CPU time, in microseconds. Counting waits for ended processes, so it is optional. */
async function startMeter(database, isOn) {
  if (!isOn) return async () => NaN;
  const before = await cpuOfChildren(database.pid());
  return async () => (await cpuOfChildren(database.pid())) - before;
}

/** Measures a function with this many environments. */
export async function withFunction(it, clients, { driver, database, seconds, scripts, quick, limited, counted }) {
  const requests = numberOf(it, quick);
  const warmUp = WARM_UP * clients;
  const environment = driver.environment(it.function, { variables: it.environment });
  const spent = await startMeter(database, counted);
  const found = await driver.load({
    environments: Array(clients).fill(environment),
    events: eventsOf(it, requests ? requests + warmUp : (scripts ?? ROUND)),
    answers: it.answers ?? [200],
    warm_up: warmUp,
    mark: limited?.limit.command(limited.share),
    ...(requests ? { requests } : { seconds }),
  });
  limited?.limit.lift();
  const [times] = Object.values(found.groups);
  return {
    p50: times.p50,
    p99: times.p99,
    requests: found.requests,
    perSecond: found.requests / found.seconds,
    cpu: found.cpu_per_request,
    memory: found.peak_memory,
    pause: found.pause,
    postgresCpu: (await spent()) / (found.requests + warmUp),
  };
}

/** Measures a statement with this many clients of pgbench. */
export async function withPgbench(it, clients, statement, n, { database, directory, seconds, scripts, quick, limited, counted }) {
  const requests = numberOf(it, quick);
  const range = it.fresh ? 1_000_000 : (requests ?? ROUND);
  const first = firstOf(it, requests);
  const spent = await startMeter(database, counted);
  // As for the function, the limit begins after connecting and warming up. If each request can be sent only once, it
  // begins at once, because no request would be left later.
  const begin = limited && (() => limited.limit.set(limited.share));
  if (requests) begin?.();
  const found = await pgbench(database.pgbench, it, statement, {
    ...{ n, directory, clients, requests, first, range, scripts, warmUp: WARM_UP * (scripts ?? 1) },
    // It counts in whole seconds.
    seconds: Math.ceil(seconds + (begin ? CONNECTED / 1000 : 0)),
    begin: requests ? undefined : begin,
  });
  limited?.limit.lift();
  return { ...found, postgresCpu: (await spent()) / found.requests };
}
