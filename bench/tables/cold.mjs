import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { CASES } from '../cases.mjs';
import { startMoto } from '../moto.mjs';
import { eventsOf } from '../requests.mjs';
import { goal, median, milliseconds, print } from '../report.mjs';

const HELLO_WORLD = 'hello-world';

/**
 * Table `cold`: the time from the start of a process to its first `next`, and from there to the response to a first
 * request.
 */
export async function cold({ driver, database, quick, logs }) {
  const { DATABASE_URL, JWT_SECRET, CLOUDINARY_URL, FIREBASE_CREDENTIALS_PATH, ...others } = driver.variables;
  const account = JSON.parse(readFileSync(FIREBASE_CREDENTIALS_PATH, 'utf8'));
  const secret = { database_url: DATABASE_URL, jwt_secret: JWT_SECRET, firebase_service_account: account, cloudinary_url: CLOUDINARY_URL };
  const moto = await startMoto({ logs, secret });
  try {
    const rounds = quick ? 5 : 30;
    const found = {};
    // Scheduled functions first, because the others create work for them.
    for (const cases of [CASES.filter((it) => it.event), [{ ...CASES[0], function: HELLO_WORLD }, ...CASES.filter((it) => !it.event)]]) {
      const functions = {};
      for (const it of cases) {
        if (it.prepare) await database.query(it.prepare);
        const environment = driver.environment(it.function);
        environment.variables = { ...others, ...it.environment, ...moto.variables };
        functions[it.function] = { environment, events: eventsOf(it, rounds), answers: it.answers ?? [200] };
      }
      Object.assign(found, await driver.start({ rounds, functions }));
    }
    const names = [HELLO_WORLD, ...CASES.map((it) => it.function)];
    const rows = names.map((name) => ({
      name,
      ready: milliseconds(median(found[name].ready)),
      first: milliseconds(median(found[name].first_answer)),
      memory: Math.max(...found[name].peak_memory) / 1000,
      size: statSync(driver.binaryOf(name)).size / 1e6,
      zipped: zipped(driver.binaryOf(name)) / 1e6,
    }));
    const hello = rows.find(({ name }) => name === HELLO_WORLD);
    print(
      `1. Cold start: median of ${rounds}, in ms and MB; Secrets Manager (moto) answers after ${moto.latency.toFixed(1)} ms`,
      ['', 'ready', 'to hello', 'first answer', 'together', 'peak memory', 'binary', 'zipped'],
      rows.map((row) => [row.name, row.ready, row.ready - hello.ready, row.first, row.ready + row.first, row.memory, row.size, row.zipped]),
    );
    const functionsOnly = rows.filter((row) => row !== hello);
    console.log();
    return {
      secretsManager: moto.latency,
      rows,
      goals: [
        goal('Ready within 3 ms of hello-world', functionsOnly, (row) => row.ready - hello.ready <= 3),
        goal("Ready within 3 ms of hello-world and Secrets Manager's answer", functionsOnly, (row) => row.ready - hello.ready - moto.latency <= 3),
        goal('First answer within 15 ms of ready', functionsOnly, (row) => row.first <= 15),
        goal("Both together: first answer within 18 ms of hello-world's ready", functionsOnly, (row) => row.ready + row.first - hello.ready <= 18),
        goal('Under 3.5 MB zipped', functionsOnly, (row) => row.zipped < 3.5),
        goal('Peak memory under 20 MB', functionsOnly, (row) => row.memory < 20),
      ],
    };
  } finally {
    await moto.stop();
  }
}

/** Returns the size of the zip file that Lambda receives, in bytes. */
const zipped = (file) => execFileSync('zip', ['-9', '-q', '-j', '-', file], { maxBuffer: 1e8 }).length;
