import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { promisify } from 'node:util';
import { idsOf } from './requests.mjs';

/** The time after which eight clients are connected, in milliseconds. */
export const CONNECTED = 700;

/** Returns a URL for the functions' TLS connection, but without verification of the certificate. */
export const pgbenchUrl = (url) => `${url}?sslmode=require`;

/**
 * Runs a captured statement of a function with pgbench, with parameters that vary as those of the requests do.
 *
 * Two differences remain. pgbench sends a parameter once per occurrence, as text. It computes only with numbers, so the
 * server makes the ids of a request from them, `lpad(:room, 32, '0')::uuid`, and for each row anew. With `scripts`, each
 * script has the ids of one request as parameters, which costs a plan per script.
 *
 * @param it         the case
 * @param statement  the statement that capture.mjs recorded for this `n` of the case
 * @param options    clients; seconds or requests; first and range: the first `n` and the number of values; scripts: the
 *                   number of scripts with one `n` each, instead of a range; warmUp: the transactions of each client before
 *                   the measurement; begin: called when all clients are connected, immediately before the measurement
 * @returns {Promise<{p50: number, p99: number, requests: number, perSecond: number}>} in microseconds
 */
export async function pgbench(url, it, statement, { n, directory, clients, seconds, requests, first = 1, range, scripts, warmUp, begin }) {
  const place = join(directory, 'pgbench');
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const fixed = Array.from({ length: scripts ?? 0 }, (_, k) => idsOf(it, first + k));
  const files = (scripts ? fixed : [undefined]).map((ids, k) => {
    const { script, constants } = scriptOf(it, statement, n, ids);
    const file = join(place, `${it.function}-${k}.sql`);
    writeFileSync(file, script);
    return { file, constants };
  });
  const variables = Object.assign({ k: -1, first, range, clients, fresh: `${Date.now()}000000` }, ...files.map(({ constants }) => constants));
  const args = ['--no-vacuum', `--protocol=${statement.prepared ? 'prepared' : 'extended'}`, `--client=${clients}`];
  args.push(...files.map(({ file }) => `--file=${file}`));
  args.push(`--log`, `--log-prefix=${join(place, 'log')}`);
  args.push(requests ? `--transactions=${Math.floor(requests / clients)}` : `--time=${seconds}`);
  for (const [name, value] of Object.entries(variables)) args.push(`--define=${name}=${value}`);
  let begun = 0;
  const beginning = begin && after(CONNECTED).then(begin).then(() => (begun = Date.now() * 1000));
  // Each script would otherwise be planned five times before its plan is reused.
  const env = scripts ? { ...process.env, PGOPTIONS: '-c plan_cache_mode=force_generic_plan' } : process.env;
  await promisify(execFile)(program(), [...args, url], { env, maxBuffer: 1e8 }).catch((error) => {
    throw new Error(`pgbench cannot run ${files[0].file}: ${error.stderr || error.message}`);
  });
  await beginning;
  const transactions = readdirSync(place)
    .filter((name) => name.startsWith('log.'))
    .flatMap((name) => readFileSync(join(place, name), 'utf8').trim().split('\n'));
  // The columns: client, transaction number, duration in microseconds, script, and end time in seconds and
  // microseconds.
  const all = transactions.map((line) => line.split(' ').map(Number)).map((it) => ({ number: it[1], took: it[2], ended: it[4] * 1e6 + it[5] }));
  const began = Math.max(begun, ...all.filter((it) => it.number < warmUp).map((it) => it.ended));
  const measured = all.filter((it) => it.number >= warmUp && it.ended > began);
  const times = measured.map((it) => it.took).sort((a, b) => a - b);
  const perSecond = (1e6 * measured.length) / (Math.max(...measured.map((it) => it.ended)) - began);
  return { p50: percentile(times, 50), p99: percentile(times, 99), requests: all.length, perSecond };
}

const percentile = (sorted, percent) => sorted[Math.min(Math.floor((sorted.length * percent) / 100), sorted.length - 1)];

/** Returns the newest pgbench. Debian does not put it on the PATH. */
function program() {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').sort((a, b) => a - b) : [];
  const found = versions.map((version) => `/usr/lib/postgresql/${version}/bin/pgbench`).filter(existsSync);
  return found.at(-1) ?? 'pgbench';
}

/** Returns a script, with these ids as parameters, or with ids that the server makes from pgbench's numbers. */
function scriptOf(it, { sql, parameters }, n, ids) {
  const names = Object.fromEntries(Object.entries(idsOf(it, n)).map(([name, id]) => [id, name]));
  const constants = {};
  const fresh = [];
  const uuid = (value, index) => {
    if (names[value] && ids) return `${constant(`id${parseInt(ids[names[value]].slice(-12))}`, ids[names[value]])}::uuid`;
    if (names[value]) return `lpad(:${names[value]}, 32, '0')::uuid`;
    // The function generated this id for this request.
    if (/^.{14}7/.test(value)) {
      fresh.push(index);
      return `lpad(:fresh${index}, 32, '0')::uuid`;
    }
    return undefined;
  };
  // A pgbench variable cannot be null or empty.
  const constant = (name, value) => {
    constants[name] = value;
    return `:${name}`;
  };
  const expressions = parameters.map(({ type, value }, index) => {
    if (value === null) return `nullif(${constant('nothing', '-')}, '-')::${type}`;
    if (value === '') return `rtrim(${constant('nothing', '-')}, '-')::${type}`;
    if (type === 'text' && names[value]) return `(${uuid(value)})::text`;
    if (type === 'uuid') return uuid(value, index) ?? `${constant(`p${index}`, value)}::uuid`;
    // As text, like an array parameter: PostgreSQL would know the length of ARRAY[…] when it plans.
    if (Array.isArray(value)) {
      const elements = value.map((element, at) => uuid(element, `${index}_${at}`) ?? `${constant(`p${index}_${at}`, element)}::text`);
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
  // pgbench would take the colons of a time's format for variables. Quoted, they mean the same.
  const readable = sql.replaceAll('HH24:MI:SS', 'HH24":"MI":"SS');
  const text = readable.replace(/\$(\d+)/g, (_, number) => expressions[number - 1]);
  return { script: `${sets.join('\n')}\n${text};\n`, constants };
}
