// PostgreSQL. The suite plays the platform, which fills `users` and `deliveries`.

import { after } from 'node:test';

import pg from 'pg';

import { DATABASE_URL } from './settings.mjs';

const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 2 });
after(() => pool.end());

/** Runs a statement and returns its rows. */
export async function sql(statement, values = []) {
  const { rows } = await pool.query(statement, values);
  return rows;
}
