import { startCapture } from './capture.mjs';
import { eventsOf, firstOf } from './requests.mjs';

/** Enough requests for a statement to be prepared. */
const TIMES = 3;

/** Returns the statements that a function sends to PostgreSQL for some requests, and the `n` of the last request. */
export async function statementsOf(it, { driver, database }) {
  const capture = await startCapture(database.port);
  try {
    const url = Object.assign(new URL(database.plainUrl), { port: String(capture.port), search: 'sslmode=disable' }).href;
    const environment = driver.environment(it.function, { variables: { ...it.environment, DATABASE_URL: url } });
    const first = firstOf(it, TIMES);
    await driver.load({ environments: [environment], events: eventsOf(it, TIMES, first), answers: it.answers ?? [200], warm_up: 0, requests: TIMES });
    const { executed } = capture;
    // pgbench can measure only requests with a single statement.
    return { executed, single: executed.length === TIMES ? executed.at(-1) : undefined, n: first + TIMES - 1 };
  } finally {
    capture.close();
  }
}
