import pg from 'pg';

/** Connects to a database, calls `work` with the client, and disconnects. */
export async function withDatabase(url, work) {
  const client = new pg.Client({ connectionString: withLibpqSslMode(url), connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Returns the URL of the server's maintenance database, from which others can be created. */
export const maintenanceUrl = (url) => Object.assign(new URL(url), { pathname: '/postgres' }).href;

/** Gives `sslmode` the meaning that it has for the functions. */
function withLibpqSslMode(url) {
  const address = new URL(url);
  address.searchParams.set('uselibpqcompat', 'true');
  return address.href;
}
