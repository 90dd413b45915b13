import { readFile } from 'node:fs/promises';
import { withDatabase } from './database.mjs';

const DEMO = new URL('../demo.sql', import.meta.url);

/**
 * Loads the demo users and deliveries.
 *
 * @returns {Promise<boolean>} false if `users` or `deliveries` is a view: its rows belong to a platform and stay as
 * they are
 */
export const loadDemo = (databaseUrl) =>
  withDatabase(databaseUrl, async (client) => {
    const { rows } = await client.query(
      "SELECT bool_and(relkind IN ('r', 'p')) AS ours FROM pg_class WHERE oid IN ('users'::regclass, 'deliveries'::regclass)",
    );
    if (rows[0].ours) await client.query(await readFile(DEMO, 'utf8'));
    return rows[0].ours;
  });
