import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { maintenanceUrl, withDatabase } from '../dev/parts/database.mjs';
import { DIRECTORY, ROOT } from '../dev/parts/places.mjs';
import { endLeftover, startPostgres } from '../dev/parts/postgres.mjs';
import { postgresServer } from '../dev/parts/postgres-server.mjs';
import { freePort } from '../dev/parts/processes.mjs';
import { pgbenchUrl } from './pgbench.mjs';

const HOST = '127.0.0.1';
const DATA = join(ROOT, 'bench', 'data.sql');
const MIGRATIONS = join(ROOT, 'migrations');

/**
 * Starts the PostgreSQL of the bench, with TLS and a new copy of the data set. The data set is stored, and loaded
 * again only if the migrations or `data.sql` have changed.
 */
export async function startDatabase(driver, { say, logs }) {
  const server = postgresServer({ root: ROOT, directory: join(DIRECTORY, 'bench') });
  await endLeftover(server);
  const certificate = ensureCertificate(server);
  const port = await freePort();
  const urlOf = (name) => `postgres://relais@${HOST}:${port}/${name}`;
  const settings = {
    ssl: 'on',
    ssl_cert_file: certificate.cert,
    ssl_key_file: certificate.key,
    shared_buffers: '2GB',
    max_connections: 400,
    max_wal_size: '8GB',
    checkpoint_timeout: '1h',
    // Autovacuum would disturb the measurement, so its work is done before.
    autovacuum: 'off',
  };
  const dataSet = `data_${fingerprint()}`;
  /** Replaces the database by a new copy of the data set. */
  const renew = () => copy(dataSet, urlOf);
  const running = await startPostgres(server, { url: urlOf('postgres'), host: HOST, port, logs, settings, died: say });
  try {
    await ensureDataSet(dataSet, { driver, urlOf, say });
    await renew();
  } catch (error) {
    await running.stop();
    throw error;
  }
  return {
    /** The same TLS settings as in production. */
    url: `${urlOf('relais')}?sslmode=verify-full&sslrootcert=${certificate.cert}`,
    plainUrl: urlOf('relais'),
    port,
    pgbench: pgbenchUrl(urlOf('relais')),
    query: (sql) => withDatabase(urlOf('relais'), (client) => client.query(sql)),
    pid: () => running.pid,
    renew,
    stop: running.stop,
  };
}

async function ensureDataSet(name, { driver, urlOf, say }) {
  const databases = await withDatabase(urlOf('postgres'), async (client) => (await client.query('SELECT datname FROM pg_database')).rows.map((row) => row.datname));
  if (databases.includes(name)) return;
  say('The data set is loaded: some minutes, the first time and after each migration');
  const left = databases.filter((database) => database.startsWith('data_') || database === 'loading');
  for (const database of left) await maintain(urlOf, `DROP DATABASE ${database} WITH (FORCE)`);
  await maintain(urlOf, 'CREATE DATABASE loading');
  const variables = { DATABASE_URL: `${urlOf('loading')}?sslmode=disable` };
  await driver.start({ rounds: 1, functions: { migrate: { environment: driver.environment('migrate-database', { variables }), events: [{ event: '{}' }], answers: [] } } });
  await withDatabase(urlOf('loading'), async (client) => {
    await client.query(readFileSync(DATA, 'utf8'));
    await client.query('RESET ALL');
    await client.query('VACUUM (FREEZE, ANALYZE)');
  });
  await maintain(urlOf, `ALTER DATABASE loading RENAME TO ${name}`);
}

/** Creates a new copy, without the writes of earlier runs. */
async function copy(dataSet, urlOf) {
  await maintain(urlOf, 'DROP DATABASE IF EXISTS relais WITH (FORCE)');
  await maintain(urlOf, `CREATE DATABASE relais TEMPLATE ${dataSet} STRATEGY file_copy`);
  // Loads the data into memory, as in a server that has run for a while.
  await withDatabase(urlOf('relais'), async (client) => {
    await client.query('CREATE EXTENSION pg_prewarm');
    await client.query(`SELECT sum(pg_prewarm(oid)) FROM pg_class WHERE relname ~ '^(chat_|users|deliveries)' AND relkind IN ('r', 'i')`);
    await client.query('CHECKPOINT');
  });
}

const maintain = (urlOf, sql) => withDatabase(maintenanceUrl(urlOf('postgres')), (client) => client.query(sql));

function fingerprint() {
  const files = [DATA, ...readdirSync(MIGRATIONS).sort().map((name) => join(MIGRATIONS, name))];
  return createHash('sha256').update(files.map((file) => readFileSync(file, 'utf8')).join()).digest('hex').slice(0, 12);
}

/** Creates a certificate in the data directory's parent, where the server's user can read it. */
function ensureCertificate({ data, as }) {
  const directory = dirname(data);
  const [cert, key] = ['server.crt', 'server.key'].map((name) => join(directory, name));
  mkdirSync(directory, { recursive: true });
  if (!existsSync(cert)) {
    const subject = ['-subj', '/CN=relais-bench', '-addext', `subjectAltName=IP:${HOST},DNS:localhost`, '-addext', 'basicConstraints=CA:FALSE'];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', ...subject, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  }
  chmodSync(key, 0o600);
  if (as.uid !== undefined) chownSync(key, as.uid, as.gid);
  return { cert, key };
}
