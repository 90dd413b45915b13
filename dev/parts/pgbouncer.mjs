import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withDatabase } from './database.mjs';
import { answers, freePort, start } from './processes.mjs';

/**
 * Starts a PgBouncer in transaction mode before a PostgreSQL that trusts it, on a free port.
 *
 * @param url  a database of that server; all others of it are reached as well
 * @returns {Promise<{url: string, address: string, stop: () => Promise<void>}>} the same database through it
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
    // The tests leave their databases: what waits for one of them is not to hold a connection of the server.
    server_idle_timeout: 3,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const databases = `* = host=${hostname} port=${port} user=${username}`;
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(file, ['[databases]', databases, '[pgbouncer]', ...lines, ''].join('\n'));

  // It refuses to run as root.
  const args = process.getuid() === 0 ? ['-u', 'nobody', file] : [file];
  // Debian puts it where only root looks.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const running = await start('pgbouncer', 'pgbouncer', args, { env, logs });
  const through = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(listenPort) }).href;
  await answers(running, () => withDatabase(through, (client) => client.query('SELECT')));
  return { url: through, address: `127.0.0.1:${listenPort}`, stop: () => running.stop({ signal: 'SIGTERM' }) };
}
