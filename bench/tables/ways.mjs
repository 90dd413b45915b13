import { startPgBouncer } from '../../dev/parts/pgbouncer.mjs';
import { CASES } from '../cases.mjs';
import { milliseconds, print } from '../report.mjs';
import { eventsOf } from '../requests.mjs';

const FUNCTIONS = ['get-room', 'list-messages', 'list-rooms', 'send-message', 'unread-count'];

/** Compares prepared with unprepared statements, directly and through a pooler. */
export async function ways({ driver, database, directory, logs, quick }) {
  const pooler = await startPgBouncer(database.plainUrl, { directory, logs, poolSize: 20 });
  try {
    const plain = `${database.plainUrl}?sslmode=disable`;
    const pooled = `${pooler.url}?sslmode=disable`;
    const WAYS = {
      'prepared, TLS': { STATEMENT_CACHE: 'on' },
      'prepared': { STATEMENT_CACHE: 'on', DATABASE_URL: plain },
      'unnamed': { STATEMENT_CACHE: 'off', DATABASE_URL: plain },
      'PgBouncer, unnamed': { STATEMENT_CACHE: 'off', DATABASE_URL: pooled },
    };
    const rows = [];
    for (const name of FUNCTIONS) {
      const it = CASES.find((one) => one.function === name);
      // One environment each, in turns.
      const environments = Object.entries(WAYS).map(([group, variables]) => driver.environment(name, { group, variables }));
      const found = await driver.load({ environments, events: eventsOf(it), answers: it.answers ?? [200], warm_up: 200, seconds: quick ? 1 : 8 });
      rows.push({ name, p50: Object.fromEntries(Object.entries(found.groups).map(([group, times]) => [group, milliseconds(times.p50)])) });
    }
    print('Ways to PostgreSQL: p50 in ms, the four beside each other', ['', ...Object.keys(WAYS)], rows.map((row) => [row.name, ...Object.keys(WAYS).map((way) => row.p50[way])]));
    return { rows };
  } finally {
    await pooler.stop();
  }
}
