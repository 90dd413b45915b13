import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../dev/parts/places.mjs';
import { freePort } from '../../dev/parts/processes.mjs';
import { ensureServiceAccount, startStandIn } from '../../dev/parts/stand-in.mjs';
import { CASES } from '../cases.mjs';
import { goal, print } from '../report.mjs';
import { eventsOf } from '../requests.mjs';

const SEND = CASES.find((it) => it.function === 'send-message');
const ENVIRONMENTS = 10;
/**
 * How Firebase and FCM respond to every request; `null`: they are not configured; `undefined`: nothing listens at
 * their address.
 */
const MODES = {
  'off': null,
  'at once': {},
  'after 150 ms': { delayMs: 150 },
  'after 5 s': { delayMs: 5000 },
  'dead': undefined,
  'answering 503': { status: 503 },
};
const OUTAGES = ['after 5 s', 'dead', 'answering 503'];
/** The price of a GB-second on arm64 in Ireland in $, and the memory of a function in the template. */
const PRICE = 0.0000133334;
const MEMORY_GB = 0.25;
/** The circuits open after about twenty requests, in the first two seconds. The warm-up is longer. */
const WARM_UP = 1000;

/**
 * Table `capacity`: the messages per second that ten environments send to many rooms in a closed loop, by the state of
 * Firebase and FCM.
 */
export async function capacity(bench) {
  const { driver, database, quick } = bench;
  const rows = [];
  for (const [name, fault] of Object.entries(MODES)) {
    await database.query('UPDATE chat_delivery_channels SET failures = 0, open_since = NULL, probe_after = NULL');
    await database.query('DELETE FROM chat_pushes');
    const services = await start(name, fault, bench);
    const [{ now: began }] = (await database.query('SELECT clock_timestamp() AS now')).rows;
    try {
      const found = await driver.load({
        environments: Array.from({ length: ENVIRONMENTS }, () => driver.environment(SEND.function, { variables: services.variables })),
        events: eventsOf(SEND, 5000),
        answers: SEND.answers,
        warm_up: WARM_UP,
        seconds: quick ? 3 : 15,
      });
      const rate = found.requests / found.seconds;
      rows.push({
        name,
        rate,
        open_after: await openAfter(database, began),
        environment_seconds: (ENVIRONMENTS * found.seconds) / found.requests,
        cost: (ENVIRONMENTS / rate) * MEMORY_GB * PRICE * 1e6,
      });
    } finally {
      await services.standIn?.stop();
    }
  }
  const off = rows[0].rate;
  for (const row of rows) row.share = (100 * row.rate) / off;
  print(
    '4. Capacity: send-message on ten environments, by how Firebase and FCM respond',
    ['', 'messages/s', '% of off', 'circuits open after, s', 'environment-seconds a message', '$ of Lambda time a million'],
    rows.map((row) => [row.name, row.rate, row.share, row.open_after, row.environment_seconds.toFixed(4), row.cost]),
  );
  console.log();
  const outages = rows.filter(({ name }) => OUTAGES.includes(name));
  return {
    rows,
    goals: [
      goal('An outage leaves 90 % of the capacity once the circuits are open', outages, (row) => row.share >= 90),
      goal('The circuits open within 2 s', outages, (row) => row.open_after !== null && row.open_after <= 2),
    ],
  };
}

/** Returns the seconds from the first message until both circuits were open; `null` if they did not open. */
async function openAfter(database, began) {
  const sql = `SELECT extract(epoch FROM max(open_since) - (SELECT min(created_at) FROM chat_messages WHERE created_at > '${began.toISOString()}'))::float8 AS seconds,
    bool_and(open_since IS NOT NULL) AS are_open FROM chat_delivery_channels WHERE name IN ('mirror', 'push')`;
  const [{ seconds, are_open: areOpen }] = (await database.query(sql)).rows;
  return areOpen ? seconds : null;
}

/** Starts Firebase and FCM in a mode, and returns the variables for the functions. */
async function start(mode, fault, { directory, logs, say }) {
  if (fault === null) return { variables: { FIREBASE_DATABASE_URL: '', FCM_URL: '' } };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const place = join(directory, `capacity ${mode}`);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const credentials = join(place, 'service-account.json');
  ensureServiceAccount(credentials, `${url}/token`);
  const variables = { FIREBASE_DATABASE_URL: url, FCM_URL: url, FIREBASE_CREDENTIALS_PATH: credentials };
  if (fault === undefined) return { variables };
  const standIn = await startStandIn({ root: ROOT, url, host: '127.0.0.1', port, directory: place, logs, credentials, died: say });
  const faults = Object.keys(fault).length === 0 ? [] : ['/', '/v1/projects/*/messages:send'].map((path) => ({ path, ...fault }));
  await fetch(`${url}/.faults`, { method: 'PUT', body: JSON.stringify(faults) });
  return { variables, standIn };
}
