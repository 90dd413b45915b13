import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { promisify } from 'node:util';
import { idsOf } from './requests.mjs';

/** By when eight clients are connected, in milliseconds. */
export const CONNECTED = 700;

/** As the functions connect, with TLS; only the certificate is not looked at. */
export const pgbenchUrl = (url) => `${url}?sslmode=require`;

/**
 * Has pgbench run a statement that a function was seen to send, with parameters that go round as those of the
 * requests do.
 *
 * What is not the very same: pgbench sends a parameter once for every place where it stands, as text; and ids are
 * made of numbers on the server, `lpad(:room, 32, '0')::uuid`, since pgbench knows nothing but numbers.
 *
 * @param it         the case
 * @param statement  from capture.mjs, sent for this `n` of the case
 * @param options    clients; seconds or requests; first and range: from which `n` on, and how many go round; warmUp: how
 *                   many of each client come before the measuring begins; begin: is called after a while, by when all
 *                   are connected, and the measuring begins then
 * @returns {Promise<{p50: number, p99: number, requests: number, perSecond: number}>} in microseconds
 */
export async function pgbench(url, it, statement, { n, directory, clients, seconds, requests, first = 1, range, warmUp, begin }) {
  const { script, constants } = scriptOf(it, statement, n);
  const place = join(directory, 'pgbench');
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const file = join(place, `${it.function}.sql`);
  writeFileSync(file, script);
  const variables = { k: -1, first, range, clients, fresh: `${Date.now()}000000`, ...constants };
  const args = ['--no-vacuum', `--protocol=${statement.prepared ? 'prepared' : 'extended'}`, `--client=${clients}`, `--file=${file}`];
  args.push(`--log`, `--log-prefix=${join(place, 'log')}`);
  args.push(requests ? `--transactions=${Math.floor(requests / clients)}` : `--time=${seconds}`);
  for (const [name, value] of Object.entries(variables)) args.push(`--define=${name}=${value}`);
  let begun = 0;
  const beginning = begin && after(CONNECTED).then(begin).then(() => (begun = Date.now() * 1000));
  await promisify(execFile)(program(), [...args, url], { maxBuffer: 1e8 }).catch((error) => {
    throw new Error(`pgbench cannot run ${file}: ${error.stderr || error.message}`);
  });
  await beginning;
  const transactions = readdirSync(place)
    .filter((name) => name.startsWith('log.'))
    .flatMap((name) => readFileSync(join(place, name), 'utf8').trim().split('\n'));
  // The client, its how manieth, microseconds, the script, and when it ended: seconds and microseconds.
  const all = transactions.map((line) => line.split(' ').map(Number)).map((it) => ({ number: it[1], took: it[2], ended: it[4] * 1e6 + it[5] }));
  const began = Math.max(begun, ...all.filter((it) => it.number < warmUp).map((it) => it.ended));
  const measured = all.filter((it) => it.number >= warmUp && it.ended > began);
  const times = measured.map((it) => it.took).sort((a, b) => a - b);
  const perSecond = (1e6 * measured.length) / (Math.max(...measured.map((it) => it.ended)) - began);
  return { p50: percentile(times, 50), p99: percentile(times, 99), requests: all.length, perSecond };
}

const percentile = (sorted, percent) => sorted[Math.min(Math.floor((sorted.length * percent) / 100), sorted.length - 1)];

/** Debian keeps it from the path; the newest is the best. */
function program() {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').sort((a, b) => a - b) : [];
  const found = versions.map((version) => `/usr/lib/postgresql/${version}/bin/pgbench`).filter(existsSync);
  return found.at(-1) ?? 'pgbench';
}

function scriptOf(it, { sql, parameters }, n) {
  const names = Object.fromEntries(Object.entries(idsOf(it, n)).map(([name, id]) => [id, name]));
  const constants = {};
  const fresh = [];
  const uuid = (value, index) => {
    if (names[value]) return `lpad(:${names[value]}, 32, '0')::uuid`;
    // Made by the function for this very request.
    if (/^.{14}7/.test(value)) {
      fresh.push(index);
      return `lpad(:fresh${index}, 32, '0')::uuid`;
    }
    return undefined;
  };
  // A variable is neither null nor empty.
  const constant = (name, value) => {
    constants[name] = value;
    return `:${name}`;
  };
  const expressions = parameters.map(({ type, value }, index) => {
    if (value === null) return `nullif(${constant('nothing', '-')}, '-')::${type}`;
    if (value === '') return `rtrim(${constant('nothing', '-')}, '-')::${type}`;
    if (type === 'text' && names[value]) return `(${uuid(value)})::text`;
    if (type === 'uuid') return uuid(value, index) ?? `${constant(`p${index}`, value)}::uuid`;
    // A text, as any array is to PostgreSQL that comes as a parameter: of ARRAY[…] it would know more beforehand.
    if (Array.isArray(value)) {
      const elements = value.map((element, at) => uuid(element, `${index}_${at}`) ?? constant(`p${index}_${at}`, element));
      return `concat('{', ${elements.length > 0 ? elements.join(", ',', ") : "''"}, '}')::${type}`;
    }
    return `${constant(`p${index}`, value)}::${type}`;
  });
  const sets = [
    '\\set k :k + 1',
    '\\set n :first + (:k * :clients + :client_id) % :range',
    ...Object.entries(it.ids ?? {}).map(([name, expression]) => `\\set ${name} ${expression}`),
    ...fresh.map((index, place) => `\\set fresh${index} :fresh + (:k * :clients + :client_id) * 10 + ${place}`),
  ];
  const text = sql.replace(/\$(\d+)/g, (_, number) => expressions[number - 1]);
  return { script: `${sets.join('\n')}\n${text};\n`, constants };
}
