import { BARE, statementOf } from '../bare.mjs';
import { CASES } from '../cases.mjs';
import { apart } from '../cores.mjs';
import { goal, milliseconds, print } from '../report.mjs';
import { statementsOf } from '../statements.mjs';
import { middle, withFunction, withPgbench } from '../turns.mjs';

const ROUNDS = 5;
/** In seconds: pgbench's unit. A second has a hundred units of the CPU time. */
const TURN = 2;
/** pgbench takes the ids of this many requests, as parameters: making them in SQL would cost up to a tenth of a statement. */
const SCRIPTS = 20;
/** The most that a request may cost, as a multiple of the bare statement. */
const LIMIT = 1.5;

/**
 * Table `bare`: the busiest functions, compared with the least SQL that could do their work (`bare.mjs`). The function, its
 * statement by pgbench and the bare statement by pgbench take turns.
 */
export const bare = (bench) => apart(bench.database.pid(), () => compare(bench));

async function compare(bench) {
  const { database, quick, say } = bench;
  const rows = [];
  for (const least of BARE) {
    say(`  ${least.function}`);
    // In production, autovacuum does this. Without it, no read of an index would be enough, and the sends before would have
    // left dead entries in the lists.
    for (const table of ['chat_rooms', 'chat_messages']) await database.query(`VACUUM (INDEX_CLEANUP ON) ${table}`);
    const it = CASES.find((one) => one.function === least.function);
    const { single, n } = await statementsOf(it, bench);
    const turn = { ...bench, seconds: TURN, scripts: SCRIPTS, counted: true };
    const rounds = [];
    for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) {
      rounds.push({
        ours: await withFunction(it, 1, turn),
        pgbench: await withPgbench(it, 1, single, n, turn),
        bare: await withTriggers(least.triggers, database, () => withPgbench(it, 1, statementOf(least, it, n), n, turn)),
      });
    }
    const found = Object.fromEntries(['ours', 'pgbench', 'bare'].map((who) => [who, middle(rounds.map((round) => round[who]))]));
    rows.push({ name: it.function, ...found });
  }
  return { rows, goals: report(rows) };
}

/** Runs `work`, without the triggers of the tables if they are to be off. Foreign keys are checked in both cases. */
async function withTriggers(on = true, database, work) {
  const switched = (to) => database.query(`ALTER TABLE chat_rooms ${to} TRIGGER USER; ALTER TABLE chat_messages ${to} TRIGGER USER`);
  if (on) return work();
  await switched('DISABLE');
  try {
    return await work();
  } finally {
    await switched('ENABLE');
  }
}

function report(rows) {
  const times = (figure, who) => (row) => row[who][figure] / row.bare[figure];
  const ratios = [times('p50', 'pgbench'), times('p50', 'ours'), times('postgresCpu', 'pgbench'), times('postgresCpu', 'ours')];
  print(
    'Bare: the least SQL that could do it, on the same tables; p50 and CPU of PostgreSQL in ms, and as multiples of bare',
    ['', 'p50: bare', 'pgbench', 'function', 'pgbench ×', 'function ×', 'CPU: bare', 'pgbench', 'function', 'pgbench ×', 'function ×'],
    rows.map((row) => {
      const figures = (figure) => ['bare', 'pgbench', 'ours'].map((who) => milliseconds(row[who][figure]));
      const [p50, p50Ours, cpu, cpuOurs] = ratios.map((of) => of(row));
      return [row.name, ...figures('p50'), p50, p50Ours, ...figures('postgresCpu'), cpu, cpuOurs];
    }),
  );
  console.log();
  const within = (figure) => (row) => times(figure, 'pgbench')(row) <= LIMIT;
  return [
    goal(`p50 of the statement within ${LIMIT} × of bare`, rows, within('p50')),
    goal(`CPU of PostgreSQL within ${LIMIT} × of bare`, rows, within('postgresCpu')),
  ];
}
