import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { promisify } from 'node:util';
import { maintenanceUrl, withDatabase } from './database.mjs';
import { isRunning, start, untilReady } from './processes.mjs';

/**
 * Starts PostgreSQL on a new or an existing data directory.
 *
 * @param server   result of postgresServer()
 * @param options  url (of the database, which is created if missing), host, port, logs, died, settings (of
 * postgresql.conf)
 * @returns {Promise<{pid: number, restart: (signal?: string) => Promise<void>, stop: () => Promise<void>}>}
 */
export async function startPostgres(server, options) {
  if (!existsSync(server.data)) await initialise(server);
  let running = await run(server, options);
  return {
    get pid() {
      return running.pid;
    },
    /** Stops PostgreSQL (`SIGQUIT`: as in a crash) and starts it again. */
    async restart(signal = 'SIGINT') {
      await running.stop({ signal });
      running = await run(server, options);
    },
    // SIGINT is the "fast" shutdown: it closes the connections and writes a checkpoint.
    stop: () => running.stop({ signal: 'SIGINT', timeout: 30_000, finalSignal: 'SIGQUIT' }),
  };
}

/** Fails if the developer's own PostgreSQL is unreachable, before a build takes minutes. */
export async function requireDatabase(url) {
  try {
    await withDatabase(url, (client) => client.query('SELECT'));
  } catch (error) {
    throw new Error(`No PostgreSQL responds at DATABASE_URL (${error.message || error.code}).`);
  }
}

async function initialise({ bin, data, as }) {
  // An interrupted initdb must not leave a data directory that looks complete.
  const incomplete = `${data}.incomplete`;
  mkdirSync(dirname(data), { recursive: true });
  rmSync(incomplete, { recursive: true, force: true });
  // No password, because it listens on the loopback address only. C.UTF-8 classifies letters correctly. Since 17 it is
  // built into PostgreSQL; before, it is a locale of the machine.
  const { stdout } = await promisify(execFile)(join(bin, 'initdb'), ['--version']);
  const isBuiltIn = Number(/\d+/.exec(stdout)) >= 17;
  const builtIn = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const options = ['--username=relais', '--auth=trust', '--encoding=UTF8', '--no-instructions', `--pgdata=${incomplete}`];
  options.push(...(isBuiltIn ? builtIn : ['--locale=C.UTF-8']));
  await promisify(execFile)(join(bin, 'initdb'), options, { ...as, cwd: dirname(data), env: plainEnvironment() });
  renameSync(incomplete, data);
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
  await untilReady(running, () => ensureDatabase(url));
  return running;
}

function ensureDatabase(url) {
  const name = new URL(url).pathname.slice(1);
  return withDatabase(maintenanceUrl(url), async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  });
}

/** Stops a PostgreSQL that a killed stack has left running. */
export async function endLeftover({ data }) {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (!isRunning(pid, data)) return;
  process.kill(pid, 'SIGINT');
  while (isRunning(pid, data)) await after(50);
}

/** Returns an environment without PGDATA and similar variables, and with a locale that every machine has. */
const plainEnvironment = () => ({ PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' });
