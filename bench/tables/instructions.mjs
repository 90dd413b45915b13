import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CASES } from '../cases.mjs';
import { print } from '../report.mjs';
import { eventFor, eventsOf } from '../requests.mjs';

/** Enough requests for the statement to be prepared and to have a generic plan. */
const WARM_UP = 20;

/**
 * Table `instructions`: the instructions of a function's process per request. Other load on the machine does not affect this
 * number.
 */
export async function instructions({ driver, database, directory, logs, quick, say }) {
  const file = join(directory, 'callgrind');
  const rows = [];
  for (const it of [{ ...CASES[0], function: 'hello-world' }, ...CASES.filter((one) => !one.event)]) {
    say(`  ${it.function}`);
    const number = quick ? 20 : 100;
    for (const old of readdirSync(directory).filter((name) => name.startsWith('callgrind'))) rmSync(join(directory, old));
    if (it.prepare) await database.query(it.prepare);
    const before = ['valgrind', '--quiet', '--tool=callgrind', `--callgrind-out-file=${file}`];
    await driver.load({
      environments: [driver.environment(it.function, { before, variables: it.environment })],
      events: eventsOf(it, WARM_UP + number),
      answers: it.answers ?? [200],
      warm_up: WARM_UP,
      mark: ['callgrind_control', '--zero'],
      requests: number,
    });
    rows.push({ name: it.function, instructions: Math.round(instructionsIn(readFileSync(file, 'utf8')) / number) });
  }
  const [hello, ...functions] = rows;
  print(
    '5. Instructions of a request, in thousands: all that the process does, and what it does beyond hello-world',
    ['', 'all', 'beyond hello-world'],
    [[hello.name, hello.instructions / 1000], ...functions.map((row) => [row.name, row.instructions / 1000, (row.instructions - hello.instructions) / 1000])],
  );
  const phases = phasesOf(driver, file);
  print(
    'What a function does for it by itself',
    ['', 'thousands of instructions', 'microseconds'],
    phases.map((row) => [row.name, row.instructions / 1000, row.microseconds]),
  );
  return { rows, phases };
}

/** Measures the parts of a request that are the functions' own work, one at a time (`phases.rs`). */
function phasesOf(driver, file) {
  const TIMES = 1000;
  const event = driver.eventOf(eventFor(CASES.find((it) => it.function === 'send-message')));
  const { JWT_SECRET, FIREBASE_CREDENTIALS_PATH } = driver.variables;
  const run = (command, args) => execFileSync(command, args, { input: event, env: { JWT_SECRET, FIREBASE_CREDENTIALS_PATH, PATH: process.env.PATH }, encoding: 'utf8' });
  const counted = (phase, times) => {
    run('valgrind', ['--quiet', '--tool=callgrind', `--callgrind-out-file=${file}`, driver.binaryOf('phases'), phase, String(times)]);
    return instructionsIn(readFileSync(file, 'utf8'));
  };
  return Object.entries(PHASES).map(([phase, name]) => ({
    name,
    instructions: Math.round((counted(phase, TIMES) - counted(phase, 0)) / TIMES),
    microseconds: Number(run(driver.binaryOf('phases'), [phase, '20000'])) / 1000,
  }));
}

const PHASES = {
  parse: 'parse: the event of API Gateway',
  verify: 'verify: the token',
  read: 'read: the fields of a message to send',
  answer: 'serialise: a page of 20 messages',
  sign: 'sign: a token for Firebase (RSA)',
  roots: 'roots: the certificates of PostgreSQL, once a start',
};

const instructionsIn = (profile) => Number(/^(?:totals|summary): (\d+)/m.exec(profile)[1]);
