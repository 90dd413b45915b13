import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { promisify } from 'node:util';
import { maintenanceUrl, withDatabase } from './database.mjs';
import { answers, isRunning, start } from './processes.mjs';

/**
 * Starts a PostgreSQL of the stack's own, in a fresh directory or on the data of last time.
 *
 * @param server   from postgresServer()
 * @param options  url (what it is to be found by: its database is created where missing), host, port, logs, died,
 *                 settings (of postgresql.conf)
 * @returns {Promise<{pid: number, restart: (signal?: string) => Promise<void>, stop: () => Promise<void>}>}
 */
export async function startPostgres(server, options) {
  if (!existsSync(server.data)) await initialise(server);
  let running = await run(server, options);
  return {
    get pid() {
      return running.pid;
    },
    /** Stops it (`SIGQUIT`: as in a crash) and starts it again. */
    async restart(signal = 'SIGINT') {
      await running.stop({ signal });
      running = await run(server, options);
    },
    // SIGINT is its "fast" shutdown: it ends the connections, and writes everything down.
    stop: () => running.stop({ signal: 'SIGINT', patience: 30_000, last: 'SIGQUIT' }),
  };
}

/** Makes sure that a PostgreSQL of the developer's own is there, before minutes go into a build. */
export async function requireDatabase(url) {
  try {
    await withDatabase(url, (client) => client.query('SELECT'));
  } catch (error) {
    throw new Error(`No PostgreSQL answers at DATABASE_URL (${error.message || error.code}).`);
  }
}

async function initialise({ bin, data, as }) {
  // Complete, or not at all: whoever is interrupted here begins again.
  const unfinished = `${data}.unfinished`;
  mkdirSync(dirname(data), { recursive: true });
  rmSync(unfinished, { recursive: true, force: true });
  // No password: it listens on the loopback address alone. C.UTF-8 is PostgreSQL's own, whatever locales the machine
  // has, and still knows what a letter is.
  const options = ['--username=relais', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-instructions'];
  options.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8', `--pgdata=${unfinished}`);
  await promisify(execFile)(join(bin, 'initdb'), options, { ...as, cwd: dirname(data), env: plainEnvironment() });
  renameSync(unfinished, data);
}

async function run({ bin, data, as }, { url, host, port, logs, died, settings = {} }) {
  const own = { listen_addresses: host, port, unix_socket_directories: '', max_connections: 200, log_checkpoints: 'off' };
  const options = Object.entries({ ...own, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const running = await start('postgresql', join(bin, 'postgres'), ['-D', data, ...options], {
    ...as,
    cwd: dirname(data),
    env: plainEnvironment(),
    logs,
    died,
  });
  await answers(running, () => ensureDatabase(url));
  return running;
}

function ensureDatabase(url) {
  const name = new URL(url).pathname.slice(1);
  return withDatabase(maintenanceUrl(url), async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  });
}

/** Ends the PostgreSQL that a stack has left behind because it was killed. */
export async function endLeftover({ data }) {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (!isRunning(pid, data)) return;
  process.kill(pid, 'SIGINT');
  while (isRunning(pid, data)) await after(50);
}

/** Neither PGDATA and the like, nor a locale that the machine does not have. */
const plainEnvironment = () => ({ PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' });
