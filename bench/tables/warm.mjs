import { CASES } from '../cases.mjs';
import { apart, limitable } from '../cores.mjs';
import { goal, milliseconds, print } from '../report.mjs';
import { eventsOf } from '../requests.mjs';
import { statementsOf } from '../statements.mjs';
import { middle, ROUNDS, WARM_UP, withFunction, withPgbench } from '../turns.mjs';

/** The numbers of concurrent clients. One is for the comparison with pgbench; the largest saturates PostgreSQL. */
const CLIENTS = [1, 8];
const MOST = 8;
/** For the saturation test, PostgreSQL gets the share of a core that pgbench needs for this many requests a second. */
const SATURATED_AT = 1000;
/** In seconds: thirteen of the kernel's periods, and two seconds for pgbench, which waits until all are connected. */
const SATURATED_FOR = 1.3;

/** Table `warm`: sequential requests, compared with pgbench running the same statement. */
export const warm = (bench) => apart(bench.database.pid(), () => compare(bench));

async function compare(bench) {
  const seconds = bench.quick ? 0.3 : 0.8;
  const hello = await helloWorld(bench, seconds);
  const rows = [];
  for (const [index, it] of CASES.entries()) {
    bench.say(`  ${it.function}, ${index + 1} of ${CASES.length}`);
    rows.push({ name: it.function, ...(await measure(it, { ...bench, seconds })) });
  }
  report(rows, hello);
  const compared = rows.filter((row) => row.pgbench[1]);
  const saturated = compared.filter((row) => row.saturated);
  const http = rows.filter((row) => CASES.some((it) => it.function === row.name && !it.event));
  return {
    hello,
    rows,
    goals: [
      goal('p50 within 0.3 ms of pgbench at c = 1', compared, (row) => row.ours[1].p50 - row.pgbench[1].p50 <= 300),
      goal('Throughput at saturation at least 80 % of pgbench', saturated, (row) => part(row) >= 0.8),
      goal('CPU of the function under 0.25 ms a request', http, (row) => row.ours[1].cpu < 250),
    ],
  };
}

async function measure(it, bench) {
  const { database } = bench;
  if (it.prepare) await database.query(it.prepare);
  const { single: statement, n } = await statementsOf(it, bench);
  const once = async (clients, how = {}) => {
    if (it.prepare) await database.query(it.prepare);
    const ours = await withFunction(it, clients, { ...bench, ...how });
    if (!statement) return { ours };
    if (it.prepare) await database.query(it.prepare);
    return { ours, pgbench: await withPgbench(it, clients, statement, n, { ...bench, ...how }) };
  };
  const found = { statement: statement?.name, prepared: statement?.prepared, ours: {}, pgbench: {} };
  for (const clients of CLIENTS) {
    const rounds = [];
    for (let round = 0; round < (clients === 1 ? ROUNDS : 1); round += 1) rounds.push(await once(clients, { counted: clients === MOST }));
    Object.assign(found.ours, { [clients]: middle(rounds.map((it) => it.ours)) });
    if (statement) Object.assign(found.pgbench, { [clients]: middle(rounds.map((it) => it.pgbench)) });
  }
  if (statement && isFrequent(it)) {
    const share = Math.min(1, (SATURATED_AT * found.pgbench[MOST].postgresCpu) / 1e6);
    found.saturated = await limitable(database.pid(), async (limit) => {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round += 1) rounds.push(await once(MOST, { seconds: SATURATED_FOR, limited: { limit, share } }));
      return { share, ours: middle(rounds.map((it) => it.ours)), pgbench: middle(rounds.map((it) => it.pgbench)) };
    });
  }
  return found;
}

/** Admins, schedules and erasures do not saturate PostgreSQL. */
const isFrequent = ({ event, as, requests = Infinity }) => !event && as !== '{admin}' && requests >= 1000;

/** Returns the function's requests per second as a share of pgbench's, while PostgreSQL is saturated. */
const part = ({ saturated }) => saturated.ours.perSecond / saturated.pgbench.perSecond;

async function helloWorld({ driver }, seconds) {
  const events = eventsOf(CASES[0]);
  const found = await driver.load({ environments: [driver.environment('hello-world')], events, answers: [200], warm_up: WARM_UP, seconds });
  return { p50: Object.values(found.groups)[0].p50, cpu: found.cpu_per_request };
}

function report(rows, hello) {
  const ms = (it) => it && milliseconds(it.p50);
  const percent = (fraction) => `${Math.round(100 * fraction)} %`;
  print(
    '2. Warm requests: p50 in ms, beside pgbench running the same statement; requests a second where PostgreSQL is saturated',
    ['', 'c=1', 'pgbench', 'more', 'c=8', 'pgbench', 'its share of a core', 'per second', 'pgbench', 'part'],
    rows.map((row) => [
      row.name,
      ...[ms(row.ours[1]), ms(row.pgbench[1]), row.pgbench[1] && ms(row.ours[1]) - ms(row.pgbench[1])],
      ...[ms(row.ours[8]), ms(row.pgbench[8])],
      ...(row.saturated ? [percent(row.saturated.share), row.saturated.ours.perSecond, row.saturated.pgbench.perSecond, percent(part(row))] : []),
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
