import { accessToken, platformToken } from '../dev/parts/tokens.mjs';

export const JWT_SECRET = 'the key of the bench, which is long enough';
/** The default number of different requests, which are sent in turns. */
export const ROUND = 2000;

const tokens = new Map();
const used = new Map();

/** Returns the id that `data.sql` gives a number. */
export const id = (number) => `00000000-0000-0000-0000-${String(number).padStart(12, '0')}`;

/** Evaluates the ids of a case for one `n`. The expressions are pgbench's, which has only whole numbers. */
export function idsOf({ ids = {} }, n) {
  const evaluate = (expression) => Function('n', `return ${expression.replaceAll(':n', 'n').replace(/\b\d+/g, '$&n')}`)(BigInt(n));
  return Object.fromEntries(Object.entries(ids).map(([name, expression]) => [name, id(evaluate(expression))]));
}

/** Returns the event of a case for one `n`, or the request from which the driver creates it. */
export function eventFor(it, n = 1) {
  if (it.event) return { event: JSON.stringify(it.event) };
  const ids = idsOf(it, n);
  const filled = (text) => text.replace(/\{(\w+)\}/g, (all, name) => ids[name] ?? all);
  const headers = {
    'accept': 'application/json',
    'authorization': `Bearer ${tokenOf(filled(it.as))}`,
    'content-type': 'application/json',
    'host': 'chat.relais.example',
    'user-agent': 'Dart/3.9 (dart:io)',
  };
  const body = it.body && filled(JSON.stringify(it.body));
  return { request: { method: it.method ?? (body ? 'POST' : 'GET'), url: `/api/v1/chat${filled(it.path)}`, headers, body } };
}

/**
 * Returns the first `n` for this many requests. If each request can be sent only once, the range has not been used
 * before.
 */
export function firstOf({ function: name, fresh }, number) {
  if (!fresh) return 1;
  const first = used.get(name) ?? 1;
  used.set(name, first + number);
  return first;
}

/** Returns this many events, to be sent in turns. */
export function eventsOf(it, number = ROUND, first = firstOf(it, number)) {
  return Array.from({ length: it.event ? 1 : number }, (_, k) => eventFor(it, first + k));
}

function tokenOf(user) {
  if (!tokens.has(user)) tokens.set(user, user === 'platform' ? platformToken(JWT_SECRET) : accessToken(user, JWT_SECRET));
  return tokens.get(user);
}

/** Returns a random order, which differs between calls but is the same in each run. */
export function shuffled(list) {
  return list.map((it) => [random(), it]).sort(([a], [b]) => a - b).map(([, it]) => it);
}

let seed = 1;
/** Returns a random number by the generator of POSIX's rand(). */
function random() {
  seed = Number((BigInt(seed) * 1103515245n + 12345n) % 2n ** 31n);
  return seed;
}
