import { CASES } from '../cases.mjs';
import { pgbench } from '../pgbench.mjs';
import { cpuOfChildren } from '../processes.mjs';
import { goal, milliseconds, print } from '../report.mjs';
import { eventsOf, firstOf, ROUND } from '../requests.mjs';
import { statementsOf } from '../statements.mjs';

const CLIENTS = [1, 2, 8];
/** Each environment: its statement is prepared, and planned for good. */
const WARM_UP = 10;

/** 2. Requests, one after the other, against pgbench running the same statement. */
export async function warm(bench) {
  const seconds = bench.quick ? 1 : 2;
  const hello = await helloWorld(bench, seconds);
  const rows = [];
  for (const it of CASES) {
    bench.say(`  ${it.function}`);
    rows.push({ name: it.function, ...(await measure(it, { ...bench, seconds })) });
  }
  report(rows, hello);
  const compared = rows.filter((row) => row.pgbench[1]);
  const http = rows.filter((row) => CASES.some((it) => it.function === row.name && !it.event));
  return {
    hello,
    rows,
    goals: [
      goal('p50 within 0.3 ms of pgbench at c = 1', compared, (row) => row.ours[1].p50 - row.pgbench[1].p50 <= 300),
      goal('Throughput at saturation at least 80 % of pgbench', compared, (row) => best(row.ours) >= 0.8 * best(row.pgbench)),
      goal('CPU of the function under 0.25 ms a request', http, (row) => row.ours[1].cpu < 250),
    ],
  };
}

async function measure(it, bench) {
  const { database } = bench;
  if (it.prepare) await database.query(it.prepare);
  const { single: statement, n } = await statementsOf(it, bench);
  const ours = {};
  const reference = {};
  for (const clients of CLIENTS) {
    if (it.prepare) await database.query(it.prepare);
    ours[clients] = await withFunction(it, clients, bench);
    if (!statement) continue;
    if (it.prepare) await database.query(it.prepare);
    reference[clients] = await withPgbench(it, clients, statement, n, bench);
  }
  return { statement: statement?.name, prepared: statement?.prepared, ours, pgbench: reference };
}

async function withFunction(it, clients, { driver, database, seconds, quick }) {
  const requests = it.requests && Math.ceil(it.requests / (quick ? 10 : 1));
  const warmUp = WARM_UP * clients;
  const environment = driver.environment(it.function, { variables: it.environment });
  const before = await cpuOfChildren(database.pid());
  const found = await driver.load({
    environments: Array(clients).fill(environment),
    events: eventsOf(it, requests ? requests + warmUp : ROUND),
    answers: it.answers ?? [200],
    warm_up: warmUp,
    ...(requests ? { requests } : { seconds }),
  });
  const spent = (await cpuOfChildren(database.pid())) - before;
  const [times] = Object.values(found.groups);
  return {
    p50: times.p50,
    p99: times.p99,
    requests: found.requests,
    perSecond: found.requests / found.seconds,
    cpu: found.cpu_per_request,
    memory: found.peak_memory,
    pause: found.pause,
    postgresCpu: spent / (found.requests + warmUp),
  };
}

async function withPgbench(it, clients, statement, n, { database, directory, seconds, quick }) {
  const requests = it.requests && Math.ceil(it.requests / (quick ? 10 : 1));
  const range = it.fresh ? 1_000_000 : (requests ?? ROUND);
  const first = firstOf(it, requests);
  const before = await cpuOfChildren(database.pid());
  const found = await pgbench(database.pgbench, it, statement, { n, directory, clients, seconds, requests, first, range });
  return { ...found, postgresCpu: ((await cpuOfChildren(database.pid())) - before) / found.requests };
}

async function helloWorld({ driver }, seconds) {
  const events = eventsOf(CASES[0]);
  const found = await driver.load({ environments: [driver.environment('hello-world')], events, answers: [200], warm_up: WARM_UP, seconds });
  return { p50: Object.values(found.groups)[0].p50, cpu: found.cpu_per_request };
}

const best = (byClients) => Math.max(...Object.values(byClients).map((it) => it.perSecond));

function report(rows, hello) {
  const ms = (it) => it && milliseconds(it.p50);
  print(
    '2. Warm requests: p50 in ms, beside pgbench running the same statement; requests a second at saturation',
    ['', 'c=1', 'pgbench', 'more', 'c=2', 'pgbench', 'c=8', 'pgbench', 'per second', 'pgbench', 'part'],
    rows.map(({ name, ours, pgbench }) => [
      name,
      ...[ms(ours[1]), ms(pgbench[1]), pgbench[1] && ms(ours[1]) - ms(pgbench[1])],
      ...[ms(ours[2]), ms(pgbench[2]), ms(ours[8]), ms(pgbench[8])],
      ...[best(ours), pgbench[1] && best(pgbench), pgbench[1] && `${Math.round((100 * best(ours)) / best(pgbench))} %`],
    ]),
  );
  print(
    'Where the time goes at c = 1, in ms: the Runtime API is hello-world, PostgreSQL is pgbench; and the CPU it takes',
    ['', 'p50', 'Runtime API', 'PostgreSQL', 'the rest', 'CPU: function', 'PostgreSQL', 'for pgbench', 'memory, MB'],
    rows.map(({ name, ours, pgbench }) => [
      name,
      ...[ms(ours[1]), milliseconds(hello.p50), ms(pgbench[1]), pgbench[1] && ms(ours[1]) - milliseconds(hello.p50) - ms(pgbench[1])],
      ...[milliseconds(ours[1].cpu), milliseconds(ours[8].postgresCpu), pgbench[8] && milliseconds(pgbench[8].postgresCpu), ours[1].memory / 1000],
    ]),
  );
  console.log(`\n  hello-world takes ${milliseconds(hello.p50).toFixed(2)} ms and ${milliseconds(hello.cpu).toFixed(2)} ms of CPU.`);
}
