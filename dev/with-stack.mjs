// Runs a command with its own stack: free ports, new data, independent of the developer's stack.
//
//   dev/node dev/with-stack.mjs [--only postgres,firebase] -- COMMAND [ARGUMENT…]
//
// The command gets the variables of `.dev/env`, and TEST_DATABASE_URL: a database from which others can be created.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { maintenanceUrl } from './parts/database.mjs';
import { DIRECTORY, ROOT } from './parts/places.mjs';
import { endLeftover } from './parts/postgres.mjs';
import { postgresServer, removeStack } from './parts/postgres-server.mjs';
import { freePort, isRunning } from './parts/processes.mjs';
import { readSettings, VARIABLES } from './parts/settings.mjs';
import { PARTS, Stack } from './parts/stack.mjs';
import { stopRequest } from './terminal/signals.mjs';

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
const stopRequested = stopRequest();
mkdirSync(directory, { recursive: true });
for (const stale of staleDirectories()) {
  await endLeftover(postgresServer({ root: ROOT, directory: stale }));
  removeStack(ROOT, stale);
}

const stack = new Stack(await settings(), { root: ROOT, say: (text) => console.error(`  ${text}`), signal: stopRequested.signal });
let code = 1;
try {
  await stack.start(parts);
  code = await run(command);
} catch (error) {
  if (!stopRequested.signal.aborted) console.error(`\n${error.message}`);
} finally {
  await stack.stop();
}
if (code === 0) removeStack(ROOT, directory);
else console.error(`The logs are in ${join(directory, 'logs')}`);
process.exit(code);

/** Ignores preset variables: a test must never use the developer's own servers. */
async function settings() {
  const environment = { ...plainEnvironment(), HOST: '' };
  for (const name of ['API_PORT', 'WEB_PORT', 'POSTGRES_PORT', 'FIREBASE_PORT', 'WEBHOOK_PORT']) environment[name] = String(await freePort());
  const { postgres, ...others } = await readSettings(environment, { directory });
  // Each Rust test creates a database, which writes hundreds of files. Without fsync, only a crash of the machine
  // loses data, not one of PostgreSQL.
  return { ...others, postgres: { ...postgres, settings: { fsync: 'off', full_page_writes: 'off' } } };
}

function plainEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !VARIABLES.includes(name)));
}

/** Returns the variables of the parts that run. */
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
  stopRequested.promise.then(() => child.kill('SIGTERM'));
  const [exitCode, signal] = await once(child, 'exit');
  return exitCode ?? 128 + constants.signals[signal];
}

/** Returns the directories of earlier runs that are over, including one that failed and kept its logs. */
function staleDirectories() {
  const names = readdirSync(DIRECTORY).filter((name) => name.startsWith(PREFIX));
  return names.filter((name) => !isRunning(name.slice(PREFIX.length), 'with-stack')).map((name) => join(DIRECTORY, name));
}
