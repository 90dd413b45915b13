import { createServer } from 'node:http';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../dev/parts/places.mjs';
import { freePort, listen } from '../../dev/parts/processes.mjs';
import { ensureServiceAccount, startStandIn } from '../../dev/parts/stand-in.mjs';
import { CASES } from '../cases.mjs';
import { apart } from '../cores.mjs';
import { costOf } from '../costs.mjs';
import { cpuInSnapshot, cpuOfChildren, snapshotCommand } from '../processes.mjs';
import { goal, median, print } from '../report.mjs';
import { eventsOf, shuffled } from '../requests.mjs';

const SEND = CASES.find((it) => it.function === 'send-message');
const ENVIRONMENTS = 10;
const ROOMS = 5000;
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const FIREBASE = ['mirror', 'push'];
const WEBHOOKS = ['webhooks'];
/**
 * How the services respond to every request. `firebase` is the fault of Firebase and FCM, `webhook` the delay of the
 * webhooks' endpoint in ms; `DEAD`: nothing listens. A service that is not named is not configured.
 */
const DEAD = 'dead';
const OFF = { name: 'off' };
/** The events are stored, as an endpoint that responded with 410 leaves them: what webhooks cost without any delivery. */
const STORED = { name: 'webhooks only stored', webhook: DEAD, stopped: true };
const MODES = [
  OFF,
  { name: 'at once', firebase: {} },
  { name: 'after 50 ms', firebase: { delayMs: 50 } },
  { name: 'after 150 ms', firebase: { delayMs: 150 } },
  { name: 'after 5 s', firebase: { delayMs: 5000 }, outage: FIREBASE },
  { name: 'dead', firebase: DEAD, outage: FIREBASE },
  { name: 'responding 503', firebase: { status: 503 }, outage: FIREBASE },
  { name: 'webhook at once', webhook: 0 },
  STORED,
  { name: 'webhook after 5 s', webhook: 5000, outage: WEBHOOKS, base: STORED },
  { name: 'webhook dead', webhook: DEAD, outage: WEBHOOKS, base: STORED },
];
/**
 * Each round has another order, so that the growing tables slow no mode more than another. The median counts. The share of
 * a mode is that of *off*, or of its base, in the same round. Outages have a share near 100 %, which takes more rounds.
 */
const ROUNDS = 3;
const ROUNDS_OF_COMPARED = 5;
/** The modes whose shares are compared. Their warm-up is longer: circuits open after about twenty requests, in two seconds. */
const isCompared = (mode) => mode === OFF || mode === STORED || mode.outage !== undefined;
const warmUpOf = (mode) => (isCompared(mode) ? 1000 : 10 * ENVIRONMENTS);
/** No row of the one before waits for delivery, and every circuit is closed. */
const RESET = `
  UPDATE chat_delivery_channels SET failures = 0, open_since = NULL, probe_after = NULL, stopped_at = NULL;
  TRUNCATE chat_pushes, chat_webhook_events, chat_webhook_queues, chat_message_search_pending;
  SET session_replication_role = replica;
  UPDATE chat_rooms
  SET mirrored_revision = revision, behind_since = NULL, mirror_attempts = 0, mirror_after = NULL,
      mirror_leased_until = NULL, mirror_reserved_until = NULL
  WHERE revision > mirrored_revision`;

const STOP = `INSERT INTO chat_delivery_channels (name, stopped_at) VALUES ('webhooks', now())
  ON CONFLICT (name) DO UPDATE SET stopped_at = now()`;

/**
 * Table `capacity`: the messages per second that ten environments send to many rooms in a closed loop, by the state of
 * Firebase, FCM and the webhooks' endpoint; and what PostgreSQL, environments and a million messages cost.
 */
export const capacity = (bench) => apart(bench.database.pid(), () => measure(bench));

async function measure(bench) {
  const { quick, say } = bench;
  const turns = new Map(MODES.map((mode) => [mode, []]));
  const rounds = quick ? 1 : ROUNDS_OF_COMPARED;
  for (let round = 1; round <= rounds; round += 1) {
    for (const mode of shuffled(MODES.filter((it) => round <= ROUNDS || isCompared(it)))) {
      say(`  ${mode.name}, round ${round} of ${rounds}`);
      turns.get(mode).push(await turn(mode, bench));
    }
  }
  await reset({ FIREBASE_DATABASE_URL: '', FCM_URL: '' }, bench);
  const rows = MODES.map((mode) => {
    const figures = turns.get(mode);
    const of = (name) => median(figures.map((it) => it[name]));
    const row = { name: mode.name, rate: of('rate'), open_after: mode.outage ? openAfter(figures) : undefined, postgres_cpu: of('postgres_cpu') };
    row.environment_seconds = ENVIRONMENTS / row.rate;
    row.share = median(figures.map(({ rate }, round) => (100 * rate) / turns.get(mode.base ?? OFF)[round].rate));
    return { ...row, per_core: 1e6 / row.postgres_cpu, cost: costOf(row) };
  });
  print(
    '4. Capacity: send-message on ten environments, by how Firebase and FCM, or the endpoint of the webhooks, respond',
    ['', 'messages/s', '% of off, or of only stored', 'circuits open after, s', 'environment-seconds a message', 'environments for 1,000/s', 'CPU of PostgreSQL, ms', 'messages/s a core', '$ a million'],
    rows.map((row) => [
      ...[row.name, row.rate, row.share, row.open_after, row.environment_seconds.toFixed(4), Math.ceil(1000 * row.environment_seconds)],
      ...[row.postgres_cpu / 1000, row.per_core, row.cost.total],
    ]),
  );
  console.log();
  const outages = rows.filter(({ name }) => MODES.find((mode) => mode.name === name).outage);
  return {
    rows,
    goals: [
      goal('An outage leaves 90 % of the capacity once the circuits are open', outages, (row) => row.share >= 90),
      goal('The circuits open within 2 s', outages, (row) => row.open_after !== null && row.open_after <= 2),
    ],
  };
}

/** Returns the median; `null` if the circuits did not open in one of the turns. */
const openAfter = (figures) => (figures.some((it) => it.open_after === null) ? null : median(figures.map((it) => it.open_after)));

async function turn(mode, bench) {
  const { driver, database, quick } = bench;
  const services = await start(mode, bench);
  try {
    await reset(services.variables, bench);
    if (mode.stopped) await database.query(STOP);
    await database.query('VACUUM chat_rooms');
    const [{ now: began }] = (await database.query('SELECT clock_timestamp() AS now')).rows;
    // Connecting and planning are not part of a message.
    const warm = join(bench.directory, 'capacity.stat');
    const found = await driver.load({
      environments: Array.from({ length: ENVIRONMENTS }, () => driver.environment(SEND.function, { variables: services.variables })),
      events: eventsOf(SEND, ROOMS),
      answers: SEND.answers,
      warm_up: warmUpOf(mode),
      mark: snapshotCommand(warm),
      seconds: quick ? 2 : 4,
    });
    const spent = (await cpuOfChildren(database.pid())) - cpuInSnapshot(warm, database.pid());
    return {
      rate: found.requests / found.seconds,
      postgres_cpu: spent / found.requests + (await cpuToIndex(database)),
      open_after: mode.outage ? await openedAfter(database, began, mode.outage) : null,
    };
  } finally {
    await services.stop();
  }
}

/** Marks everything as delivered, and creates or drops the triggers of the webhooks. */
async function reset(variables, { driver, database }) {
  const migrate = { environment: driver.environment('migrate-database', { variables }), events: [{ event: '{}' }], answers: [] };
  await driver.start({ rounds: 1, functions: { migrate } });
  await database.query(RESET);
}

/** Returns the CPU that PostgreSQL takes to index the words of a message, which `maintain-rooms` does later, in microseconds. */
async function cpuToIndex(database) {
  const before = await cpuOfChildren(database.pid());
  const [{ indexed }] = (await database.query('SELECT chat_message_search_index(1000)::int AS indexed')).rows;
  return ((await cpuOfChildren(database.pid())) - before) / indexed;
}

/** Returns the seconds from the first message until all these circuits were open; `null` if one did not open. */
async function openedAfter(database, began, channels) {
  const sql = `SELECT extract(epoch FROM max(open_since) - (SELECT min(created_at) FROM chat_messages WHERE created_at > '${began.toISOString()}'))::float8 AS seconds,
    bool_and(open_since IS NOT NULL) AS are_open FROM chat_delivery_channels WHERE name IN (${channels.map((name) => `'${name}'`)})`;
  const [{ seconds, are_open: areOpen }] = (await database.query(sql)).rows;
  return areOpen ? seconds : null;
}

/** Starts the services of a mode, and returns the variables for the functions. */
async function start({ name, firebase, webhook }, bench) {
  const variables = { FIREBASE_DATABASE_URL: '', FCM_URL: '' };
  if (firebase !== undefined) return startFirebase(name, firebase, bench);
  if (webhook === undefined) return { variables, stop: () => {} };
  const port = await freePort();
  Object.assign(variables, { WEBHOOK_URL: `http://127.0.0.1:${port}/`, WEBHOOK_SECRET: SECRET });
  if (webhook === DEAD) return { variables, stop: () => {} };
  const server = createServer((request, response) => request.resume().on('end', () => setTimeout(() => response.writeHead(204).end(), webhook)));
  await listen(server, port, '127.0.0.1');
  return {
    variables,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function startFirebase(mode, fault, { directory, logs, say }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const place = join(directory, `capacity ${mode}`);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const credentials = join(place, 'service-account.json');
  ensureServiceAccount(credentials, `${url}/token`);
  const variables = { FIREBASE_DATABASE_URL: url, FCM_URL: url, FIREBASE_CREDENTIALS_PATH: credentials };
  if (fault === DEAD) return { variables, stop: () => {} };
  const standIn = await startStandIn({ root: ROOT, url, host: '127.0.0.1', port, directory: place, logs, credentials, died: say });
  const faults = Object.keys(fault).length === 0 ? [] : ['/', '/v1/projects/*/messages:send'].map((path) => ({ path, ...fault }));
  await fetch(`${url}/.faults`, { method: 'PUT', body: JSON.stringify(faults) });
  return { variables, stop: () => standIn.stop() };
}
