// Runs a command beside a stack of its own: free ports, fresh data, nothing of the developer's touched.
//
//   dev/node dev/with-stack.mjs [--only postgres,firebase] -- COMMAND [ARGUMENT…]
//
// The command finds the variables of `.dev/env` in its environment, and TEST_DATABASE_URL: a database from which
// others can be created.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { maintenanceUrl } from './parts/database.mjs';
import { DIRECTORY, ROOT } from './parts/places.mjs';
import { endLeftover } from './parts/postgres.mjs';
import { placeOfRoot, postgresServer } from './parts/postgres-server.mjs';
import { freePort, isRunning } from './parts/processes.mjs';
import { readSettings, VARIABLES } from './parts/settings.mjs';
import { PARTS, Stack } from './parts/stack.mjs';
import { untilAsked } from './terminal/signals.mjs';

const PREFIX = 'test-';
const { values, positionals: command } = parseArgs({
  options: { only: { type: 'string', default: PARTS.join() } },
  allowPositionals: true,
});
const parts = values.only.split(',');
if (command.length === 0 || !parts.every((part) => PARTS.includes(part))) {
  console.error(`Usage: dev/with-stack.mjs [--only ${PARTS.join()}] -- COMMAND [ARGUMENT…]`);
  process.exit(2);
}

const directory = join(DIRECTORY, `${PREFIX}${process.pid}`);
const asked = untilAsked();
mkdirSync(directory, { recursive: true });
for (const left of leftBehind()) {
  await endLeftover(postgresServer({ root: ROOT, directory: left }));
  forget(left);
}

const stack = new Stack(await settings(), { root: ROOT, say: (text) => console.error(`  ${text}`), signal: asked.signal });
let code = 1;
try {
  await stack.start(parts);
  code = await run(command);
} catch (error) {
  if (!asked.signal.aborted) console.error(`\n${error.message}`);
} finally {
  await stack.stop();
}
if (code === 0) forget(directory);
else console.error(`The logs are in ${join(directory, 'logs')}`);
process.exit(code);

/** Nothing that is set beforehand counts here: a test never runs against somebody's own parts. */
async function settings() {
  const environment = { ...plainEnvironment(), HOST: '' };
  for (const name of ['API_PORT', 'WEB_PORT', 'POSTGRES_PORT', 'FIREBASE_PORT']) environment[name] = String(await freePort());
  return readSettings(environment, { directory });
}

function plainEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !VARIABLES.includes(name)));
}

/** What the command may rely on: it hears of no part that does not run. */
function variablesOfParts() {
  const { DATABASE_URL, WEB_URL } = stack.variables;
  const named = (test) => Object.fromEntries(Object.entries(stack.variables).filter(([name]) => test.test(name)));
  return {
    ...(parts.includes('postgres') && { DATABASE_URL, TEST_DATABASE_URL: maintenanceUrl(DATABASE_URL) }),
    ...(parts.includes('firebase') && named(/^FIREBASE_/)),
    ...(parts.includes('functions') && named(/^(?!FIREBASE_|DATABASE_|WEB_)/)),
    ...(parts.includes('page') && { WEB_URL }),
  };
}

async function run([program, ...args]) {
  const env = { ...plainEnvironment(), ...variablesOfParts() };
  const child = spawn(program, args, { cwd: ROOT, stdio: 'inherit', env });
  asked.promise.then(() => child.kill('SIGTERM'));
  const [exitCode, signal] = await once(child, 'exit');
  return exitCode ?? 128 + constants.signals[signal];
}

/** The directories of runs whose process is no more, but for what the last one left to be read. */
function leftBehind() {
  const names = readdirSync(DIRECTORY).filter((name) => name.startsWith(PREFIX));
  return names.filter((name) => !isRunning(name.slice(PREFIX.length), 'with-stack')).map((name) => join(DIRECTORY, name));
}

function forget(path) {
  rmSync(path, { recursive: true, force: true });
  if (process.getuid() === 0) rmSync(join(placeOfRoot(ROOT), basename(path)), { recursive: true, force: true });
}
