import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../dev/parts/places.mjs';
import { freePort } from '../../dev/parts/processes.mjs';
import { ensureServiceAccount, startStandIn } from '../../dev/parts/stand-in.mjs';
import { CASES } from '../cases.mjs';
import { goal, milliseconds, print } from '../report.mjs';
import { eventsOf, id } from '../requests.mjs';

const SEND = CASES.find((it) => it.function === 'send-message');
/** The response time of Firebase in ms; `null`: nothing listens at its address. */
const MODES = { 'at once': 0, 'after 150 ms': 150, 'after 5 s': 5000, 'dead': null };
/**
 * As on Lambda, an environment takes no request while it waits for Firebase. Many environments keep each one idle
 * most of the time.
 */
const ENVIRONMENTS = 60;
const EVERY = 6000;

/**
 * Table `firebase`: the time to send a message for each state of Firebase, and the delay until a listener receives the
 * message.
 */
export async function firebase(bench) {
  const { driver, quick } = bench;
  const places = {};
  try {
    for (const [mode, delay] of Object.entries(MODES)) places[mode] = await placeOf(mode, delay, bench);
    const rounds = quick ? 2 : 12;
    const found = await Promise.all(
      Object.values(places).map(({ variables }, index) =>
        driver.load({
          environments: Array.from({ length: ENVIRONMENTS }, (_, k) => driver.environment(SEND.function, { variables, every: EVERY, late: ((k + 0.25 * index) * EVERY) / ENVIRONMENTS })),
          // Each environment has its own rooms, so that none waits for another's write.
          events: eventsOf(SEND, 2000, 1 + 2000 * index),
          answers: SEND.answers,
          warm_up: ENVIRONMENTS,
          requests: ENVIRONMENTS * (rounds - 1),
        }),
      ),
    );
    const rows = Object.keys(places).map((name, index) => {
      const [times] = Object.values(found[index].groups);
      return { name, requests: times.requests, p50: milliseconds(times.p50), p99: milliseconds(times.p99), p99_between: times.p99_between.map(milliseconds), busy: milliseconds(found[index].pause) };
    });
    print('3. send-message, by how Firebase answers, in ms', ['', 'requests', 'p50', 'p99', 'between', 'and', 'busy after the reply'], rows.map((row) => [row.name, row.requests, row.p50, row.p99, ...row.p99_between, row.busy]));
    console.log();
    const [base] = rows;
    const goals = [
      goal('The same p50 within 5 %, or less', rows, (row) => row.p50 <= 1.05 * base.p50),
      // A p99 depends on few requests. It counts as different only if the confidence intervals do not overlap.
      goal('The same p99 within 5 %, or less, as far as so many requests can tell', rows, (row) => row.p99_between[0] <= 1.05 * base.p99_between[1]),
    ];
    // The circuit is one for all functions of a database, and the dead Firebase has opened it.
    await bench.database.query('UPDATE chat_delivery_channels SET failures = 0, open_since = NULL, probe_after = NULL');
    const seen = await fromReplyToListener(places['at once'], bench);
    print('From the reply to the event at a listener, in ms', ['', 'messages', 'p50', 'p99'], Object.entries(seen).map(([tree, it]) => [tree, it.messages, it.p50, it.p99]));
    return { rows, seen, goals };
  } finally {
    for (const { standIn } of Object.values(places)) await standIn?.stop();
  }
}

/** Starts a Firebase with this delay, and returns the variables for the functions. */
async function placeOf(mode, delay, { directory, logs, say }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const place = join(directory, `firebase ${mode}`);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const credentials = join(place, 'service-account.json');
  ensureServiceAccount(credentials, `${url}/token`);
  const variables = { FIREBASE_DATABASE_URL: url, FIREBASE_CREDENTIALS_PATH: credentials };
  if (delay === null) return { variables };
  const standIn = await startStandIn({ root: ROOT, url, host: '127.0.0.1', port, directory: place, logs, credentials, died: say });
  await fetch(`${url}/.faults`, { method: 'PUT', body: JSON.stringify(delay ? [{ path: '/', delayMs: delay }] : []) });
  return { variables, standIn, url };
}

/**
 * Sends 20 messages a second to ten rooms. Listeners on each room and on all inboxes record when they receive them.
 * The time of a message is in both trees.
 */
async function fromReplyToListener({ variables, url }, { driver, quick }) {
  const ROOMS = 10;
  const FIRST = 9_980;
  const inRoom = new Map();
  const inInbox = new Map();
  const sentAt = new Map();
  const listening = new AbortController();
  const listens = Array.from({ length: ROOMS }, (_, k) =>
    listen(`${url}/chats/${id(100_000 + FIRST + k)}/messages.json`, /"id":"([0-9a-f-]{36})".*?"timestamp":"([^"]+)"/g, listening.signal, ([, message, time], at) => {
      sentAt.set(message, time);
      first(inRoom, time, at);
    }),
  );
  listens.push(listen(`${url}/inboxes.json`, /"last_message_at":"([^"]+)"/g, listening.signal, ([, time], at) => first(inInbox, time, at)));
  await Promise.all(listens);
  const found = await driver.load({
    environments: [driver.environment(SEND.function, { variables, every: 50 })],
    events: eventsOf(SEND, ROOMS, FIRST),
    answers: SEND.answers,
    warm_up: ROOMS,
    requests: quick ? 50 : 400,
    replies: true,
  });
  listening.abort();
  const delays = (seen) => {
    const received = found.replies.filter(([message]) => seen.has(sentAt.get(message)));
    // The last message may still be on its way when all responses have arrived.
    if (received.length < found.replies.length - 1) throw new Error(`Of ${found.replies.length} messages the listeners saw ${received.length}`);
    const times = received.map(([message, at]) => (seen.get(sentAt.get(message)) - at) / 1000).sort((a, b) => a - b);
    return { messages: times.length, p50: times[Math.floor(times.length / 2)], p99: times[Math.floor(times.length * 0.99)] };
  };
  return { room: delays(inRoom), inbox: delays(inInbox) };
}

function first(seen, time, at) {
  if (!seen.has(time)) seen.set(time, at);
}

/** Listens over Firebase's REST streaming, and reports each match with its time in microseconds since 1970. */
async function listen(url, pattern, signal, received) {
  const response = await fetch(url, { signal, headers: { accept: 'text/event-stream', authorization: 'Bearer owner' } });
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
  const decoder = new TextDecoder();
  let begun;
  const firstEvent = new Promise((resolve) => (begun = resolve));
  const read = async () => {
    for await (const chunk of response.body) {
      const at = (performance.timeOrigin + performance.now()) * 1000;
      begun();
      for (const match of decoder.decode(chunk, { stream: true }).matchAll(pattern)) received(match, at);
    }
  };
  read().catch((error) => signal.aborted || console.error(error));
  await firstEvent;
}
