import { readdirSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../dev/parts/places.mjs';
import { withDatabase } from '../../dev/parts/database.mjs';
import { BARE, statementOf } from '../bare.mjs';
import { CASES, GROWTH, otherPaths } from '../cases.mjs';
import { statementsOf } from '../statements.mjs';

const PLANS = join(ROOT, 'bench', 'plans');

/** Returns the plan of each statement, with the parameters of a real request. */
export async function plans(bench) {
  // The tables before have sent what can be sent only once.
  await bench.database.renew();
  // preflight reads the catalogue, and a row of each table of the platform.
  const requests = [...CASES.filter((it) => it.function !== 'preflight'), ...otherPaths(), ...GROWTH.flatMap(({ function: name, requests }) => Object.values(requests).map((it) => ({ function: name, ...it })))];
  const found = new Map();
  for (const it of requests) {
    if (it.prepare) await bench.database.query(it.prepare);
    const { executed } = await statementsOf(it, bench);
    for (const statement of executed) {
      // Keep the first request of a statement: the growth cases come after the ordinary ones.
      if (!found.has(statement.sql)) found.set(statement.sql, { ...statement, function: it.function, request: it.path, prepare: it.prepare });
    }
  }
  for (const least of BARE) {
    const it = CASES.find((one) => one.function === least.function);
    found.set(least.sql, { ...statementOf(least, it, 1), function: `${it.function}, bare` });
  }
  // Each statement will be executed again, so restore the data.
  await bench.database.renew();
  mkdirSync(PLANS, { recursive: true });
  for (const old of readdirSync(PLANS)) rmSync(join(PLANS, old));
  const names = new Map();
  for (const statement of found.values()) {
    const times = (names.get(statement.name) ?? 0) + 1;
    names.set(statement.name, times);
    const file = times === 1 ? statement.name : `${statement.name}_${times}`;
    if (statement.prepare) await bench.database.query(statement.prepare);
    writeFileSync(join(PLANS, `${file}.txt`), await explain(bench.database.plainUrl, statement));
  }
  console.log(`\n${found.size} plans are in bench/plans/`);
  return { statements: [...names.keys()].sort() };
}

/** Costs and times differ between runs; rows and buffers show how much is read. */
function explain(url, { sql, parameters, function: name, request }) {
  const types = parameters.map(({ type }) => type);
  const values = parameters.map(({ value }) => literal(value));
  return withDatabase(url, async (client) => {
    await client.query('BEGIN');
    await client.query(`PREPARE statement${types.length ? `(${types})` : ''} AS ${sql}`);
    const execute = `EXECUTE statement${values.length ? `(${values})` : ''}`;
    // Execute twice, because the first execution also reads the catalogue.
    const explained = async () => (await client.query(`EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) ${execute}`)).rows;
    await client.query('SAVEPOINT before');
    await explained();
    await client.query('ROLLBACK TO before');
    const rows = await explained();
    await client.query('ROLLBACK');
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    return `${name}${request ? `: ${request}` : ''}\n\n${plan}\n`;
  });
}

function literal(value) {
  if (value === null) return 'NULL';
  const text = Array.isArray(value) ? `{${value.map((element) => JSON.stringify(element)).join()}}` : value;
  return `'${text.replaceAll("'", "''")}'`;
}
