import { startCapture } from './capture.mjs';
import { eventFor } from './requests.mjs';

/** Often enough for a statement to be prepared, where it ever is. */
const TIMES = 3;

/** What a function sends to PostgreSQL for the requests from `n` on; `n` is then that of the last one. */
export async function statementsOf(it, { driver, database, first = 1, variables = {} }) {
  const capture = await startCapture(database.port);
  try {
    const url = Object.assign(new URL(database.plainUrl), { port: String(capture.port), search: 'sslmode=disable' }).href;
    const environment = driver.environment(it.function, { variables: { ...it.environment, ...variables, DATABASE_URL: url } });
    const events = Array.from({ length: TIMES }, (_, k) => ({ event: eventFor(it, first + k) }));
    await driver.load({ environments: [environment], events, answers: it.answers ?? [200], warm_up: 0, requests: TIMES });
    return { executed: capture.executed, n: first + TIMES - 1 };
  } finally {
    capture.close();
  }
}
