// PostgreSQL, where the suite plays the platform: it fills `users` and `deliveries` as the platform would.

import { after } from 'node:test';

import pg from 'pg';

import { DATABASE_URL } from './settings.mjs';

const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 2 });
after(() => pool.end());

/** The rows that a statement answers. */
export async function sql(statement, values = []) {
  const { rows } = await pool.query(statement, values);
  return rows;
}
