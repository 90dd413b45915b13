// Injects faults everywhere at once, and checks that nothing is lost or delivered twice.
//
//   dev/node tests/chaos/run.mjs [--messages 10000] [--faults 1000] [--rooms 20] [--seed 1] [--without-fence]
//
// The functions, PostgreSQL, the security rules and the phones' SDK are real; Firebase and FCM are the stand-in, and the
// platform's endpoint for webhooks is a receiver with faults. The
// seed decides every fault, kill and message. The scheduling of the processes varies, so a seed reproduces the
// decisions of a run but not its timing.
//
// --without-fence is the negative control: the rules' fence against stale writes is off, and the run must detect the
// consequences.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DIRECTORY, ROOT } from '../../dev/parts/places.mjs';
import { removeStack } from '../../dev/parts/postgres-server.mjs';
import { freePort } from '../../dev/parts/processes.mjs';
import { readSettings } from '../../dev/parts/settings.mjs';
import { Stack } from '../../dev/parts/stack.mjs';
import { stopRequest } from '../../dev/terminal/signals.mjs';
import { burst } from './burst.mjs';
import { Truth, differences } from './comparison.mjs';
import { Faults } from './faults.mjs';
import { SystemFaults } from './system-faults.mjs';
import { conversation } from './phones.mjs';
import { wrongPushes } from './pushes.mjs';
import { inboxDifferences } from './inbox.mjs';
import { seeded } from './random.mjs';
import { Endpoint } from './webhooks.mjs';
import { finalMessages, runWorkload } from './workload.mjs';

/**
 * Every phone must be up to date this long after the last fault: the end of a lease (at most 30 s), a back-off, and a
 * sweep.
 */
const SETTLED_WITHIN_MS = 60_000;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000' },
    faults: { type: 'string', default: '1000' },
    rooms: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    'without-fence': { type: 'boolean', default: false },
  },
});
const plan = { messages: Number(values.messages), faults: Number(values.faults), rooms: Number(values.rooms), seed: Number(values.seed) };
const fence = !values['without-fence'];
const directory = join(DIRECTORY, `chaos-${process.pid}`);
const stopRequested = stopRequest();

// One user sends a thousand messages at once, which the limit would reject.
process.env.SEND_LIMIT_DELIVERY = '0';
const endpoint = new Endpoint();
const webhooks = await webhookSettings();
const stack = new Stack(await settings(), { root: ROOT, say: quietly, signal: stopRequested.signal });
let violations = ['the run was not finished'];
try {
  await endpoint.start({ ...webhooks, seed: plan.seed });
  await stack.start(['postgres', 'firebase', 'functions']);
  violations = await run();
} catch (error) {
  console.error(error);
} finally {
  await stack.stop();
  await endpoint.stop();
}
// Without the fence, a stale write reaches the room and its inbox entries.
const ofInboxes = violations.filter((violation) => violation.startsWith('inbox of')).length;
const asExpected = fence ? violations.length === 0 : ofInboxes > 0 && ofInboxes < violations.length;
if (asExpected) removeStack(ROOT, directory);
else console.log(`The logs are in ${join(directory, 'logs')}`);
process.exit(asExpected ? 0 : 1);

async function run() {
  const { BASE_URL: api, DATABASE_URL, JWT_SECRET: jwtSecret, FIREBASE_DATABASE_URL: firebaseUrl } = stack.variables;
  const truth = new Truth(DATABASE_URL);
  const faults = new Faults(firebaseUrl);
  const random = seeded(plan.seed);
  const systemFaults = new SystemFaults(stack, truth, faults, random);
  const firebase = new URL(firebaseUrl).host;
  const rooms = [];
  for (let n = 0; n < plan.rooms; n++) rooms.push(await conversation(truth, { api, firebase, jwtSecret }));

  const gone = rooms.flatMap(({ devices }) => devices.filter(({ isGone }) => isGone));
  await faults.uninstall(gone.map(({ token }) => token));

  const sent = new Map();
  if (fence) console.log(await burst(rooms[0], { sent, faults, messages: Math.min(1000, plan.messages) }));
  if (!fence) await faults.disableFence();
  await (fence ? faults.enableAll(plan.seed) : faults.enableOvertaking(plan.seed));
  if (fence) endpoint.enableFaults();
  const done = await runWorkload({ rooms, random, systemFaults, faults, endpoint, sent, plan, signal: stopRequested.signal });
  await faults.disable();
  endpoint.recover();
  // As an operator does after a repair: nothing waits for the end of its back-off.
  await stack.invoke('deliver-pending', { channel: 'webhooks', resume: true });
  const struck = await faults.struck();
  const backlogs = { Firebase: () => truth.backlog(), 'The devices': () => truth.pushBacklog(), 'The platform': () => truth.webhookBacklog() };
  const settledAfter = await Promise.all(Object.values(backlogs).map((backlog) => settled(backlog, SETTLED_WITHIN_MS)));
  // The negative control checks the mirror only.
  const pushed = fence && (await endConversations({ truth, faults, rooms, random, sent }));

  const found = rooms.flatMap(({ observer, inboxes }) => [observer, ...inboxes]).flatMap(({ violations }) => violations);
  for (const [index, who] of Object.keys(backlogs).entries()) {
    if (fence && settledAfter[index] > SETTLED_WITHIN_MS) found.push(`${who} was not up to date ${SETTLED_WITHIN_MS / 1000} s after the last fault`);
  }
  found.push(...(await differences(truth, firebaseUrl, rooms.map(({ id }) => id))));
  await truth.checkRooms(sent).catch((error) => found.push(error.message));
  if (fence) found.push(...(await wrongPushes(truth, { pushes: await faults.pushes(), rooms, interruptions: systemFaults.interruptions })));
  if (fence) await closeHalf({ truth, rooms });
  if (fence) await settled(() => truth.webhookBacklog(), SETTLED_WITHIN_MS);
  found.push(...(await inboxDifferences(truth, firebaseUrl, rooms.flatMap(({ users }) => users))));
  found.push(...rooms.flatMap(({ inboxes }) => inboxes).flatMap((inbox) => inbox.outlived()));
  found.push(...(await endpoint.wrong(truth)));
  report({ done, systemFaults, struck, settledAfter, pushed, found });
  await Promise.all(rooms.map(({ close }) => close()));
  await truth.close();
  return found;
}

/** Sends a few last messages to each room. None of their pushes may be missing. */
async function endConversations({ truth, faults, rooms, random, sent }) {
  await faults.slowDownPushes();
  await finalMessages({ rooms, random, sent });
  await settled(() => truth.pushBacklog(), SETTLED_WITHIN_MS);
  await faults.disable();
  await settled(() => truth.backlog(), SETTLED_WITHIN_MS);
  return (await faults.pushes()).length;
}

/** Closes every second room. Its entries must leave the inboxes. */
async function closeHalf({ truth, rooms }) {
  const ended = rooms.filter((_, index) => index % 2 === 0).map(({ id }) => id);
  await truth.query('UPDATE chat_rooms SET closes_at = clock_timestamp() WHERE id = ANY ($1)', [ended]);
  await stack.invoke('maintain-rooms', {});
  await settled(() => truth.backlog(), SETTLED_WITHIN_MS);
}

/** Waits until the backlog is empty, and returns how long it took in milliseconds. */
async function settled(backlog, within) {
  const began = Date.now();
  while ((await backlog()) > 0) {
    if (Date.now() - began > within) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return Date.now() - began;
}

function report({ done, systemFaults, struck, settledAfter, pushed, found }) {
  const injected = Object.entries({ 'faults of Firebase and FCM': struck, 'faults of the webhooks’ endpoint': endpoint.struck, ...systemFaults.counts });
  console.log(`
Seed ${plan.seed}${fence ? '' : ', without the fence'}: ${done.messages} messages, ${done.readings} mark requests, ${done.deliveries} reports of delivery, ${done.edits} edits and ${done.deletions} deletions in ${plan.rooms} rooms, ${(done.ms / 1000).toFixed(0)} s
Injected:
${injected.map(([what, count]) => `  ${String(count).padStart(6)}  ${what}`).join('\n')}
Firebase was up to date ${seconds(settledAfter[0])} s after the last fault, the devices ${seconds(settledAfter[1])} s, the platform ${seconds(settledAfter[2])} s, with ${endpoint.attempts} events.${pushed ? `\nDevices were notified ${pushed} times.` : ''}
${found.length === 0 ? 'Found: nothing. Firebase equals PostgreSQL, no phone received what it must not, and the platform has every event in order.' : `Found: ${found.length}`}`);
  for (const violation of found.slice(0, 10)) console.log(`  ${violation}`);
}

function seconds(milliseconds) {
  return (milliseconds / 1000).toFixed(1);
}

/** Returns settings as in production: an access token of the service account, not the emulator's "owner". */
async function settings() {
  const environment = { PATH: process.env.PATH, PROFILE: process.env.PROFILE, SWEEP_EVERY_SECONDS: '1' };
  for (const name of ['API_PORT', 'POSTGRES_PORT', 'FIREBASE_PORT']) environment[name] = String(await freePort());
  const read = readSettings(environment, { directory });
  return { ...read, webhooks, firebase: { ...read.firebase, emulatorHost: undefined } };
}

/** Returns the settings of the endpoint with faults, which runs instead of the stack's own receiver. */
async function webhookSettings() {
  const port = await freePort();
  const secret = `whsec_${Buffer.from('only-for-chaos-and-of-32-bytes!!').toString('base64')}`;
  return { start: false, port, url: `http://127.0.0.1:${port}/webhooks`, secret };
}

/** Prints the stack's messages, except those about killed functions. */
function quietly(text) {
  if (!/ended|failed|Its log/.test(text)) console.error(`  ${text}`);
}
