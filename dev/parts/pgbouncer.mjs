import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withDatabase } from './database.mjs';
import { freePort, start, untilReady } from './processes.mjs';

/**
 * Starts PgBouncer in transaction mode on a free port, for a PostgreSQL that trusts it.
 *
 * @param url  a database of that server; PgBouncer also serves its other databases
 * @returns {Promise<{url: string, address: string, stop: () => Promise<void>}>} the URL of the same database through
 * PgBouncer
 */
export async function startPgBouncer(url, { directory, logs, poolSize = 10 }) {
  const { hostname, port, username } = new URL(url);
  const listenPort = await freePort();
  const settings = {
    listen_addr: '127.0.0.1',
    listen_port: listenPort,
    unix_socket_dir: '',
    pool_mode: 'transaction',
    auth_type: 'any',
    admin_users: username,
    max_client_conn: 1_000,
    default_pool_size: poolSize,
    // Each test has its own database. Close idle connections soon, so that they do not use up the server's limit.
    server_idle_timeout: 3,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const databases = `* = host=${hostname} port=${port} user=${username}`;
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(file, ['[databases]', databases, '[pgbouncer]', ...lines, ''].join('\n'));

  // PgBouncer does not run as root.
  const args = process.getuid() === 0 ? ['-u', 'nobody', file] : [file];
  // Debian installs it in /usr/sbin.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const running = await start('pgbouncer', 'pgbouncer', args, { env, logs });
  const through = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(listenPort) }).href;
  await untilReady(running, () => withDatabase(through, (client) => client.query('SELECT')));
  return { url: through, address: `127.0.0.1:${listenPort}`, stop: () => running.stop({ signal: 'SIGTERM' }) };
}
