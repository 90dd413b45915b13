import pg from 'pg';

/** Connects to a database, has `work` done with the client, and disconnects. */
export async function withDatabase(url, work) {
  const client = new pg.Client({ connectionString: inTermsOfLibpq(url), connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The address of the server's maintenance database, from which others can be created. */
export const maintenanceUrl = (url) => Object.assign(new URL(url), { pathname: '/postgres' }).href;

/** `sslmode` is to mean what it means to the functions. */
function inTermsOfLibpq(url) {
  const address = new URL(url);
  address.searchParams.set('uselibpqcompat', 'true');
  return address.href;
}
