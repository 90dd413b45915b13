import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { renderReference } from '../reference.mjs';
import { withDatabase } from './database.mjs';
import { servePage } from './page-server.mjs';
import { PEOPLE } from './people.mjs';

const run = promisify(execFile);

/** Sources of the page and of the API reference. */
export const PAGE_SOURCES = ['openapi.yaml', 'web/public', 'web/src'];

/**
 * Builds the page of web/ into the directory of this stack, because another stack may build it at the same time. A
 * build takes about a second, so each start does one.
 */
export async function buildPage(root, { folder, signal, server }) {
  const args = ['run', '--silent', 'build', '--workspace', 'web', '--', '--outDir', folder, '--emptyOutDir', '--logLevel', 'warn'];
  try {
    await run('npm', args, { cwd: root, signal });
    await renderReference(join(folder, 'api.html'), { server });
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(`The page cannot be built:\n${error.stdout}${error.stderr}`);
  }
}

/**
 * @param variables  the variables of the stack, as in `.dev/env`
 * @returns {Promise<() => Promise<void>>} stops the server
 */
export async function startPage(variables, { folder, host, port }) {
  return servePage({ folder, host, port, config: await localConfig(variables) });
}

/**
 * Returns the configuration of a local stack: the demo users with their tokens, so for a developer's machine only. If
 * `users` is a view, it has no users, and the page asks for a token.
 */
async function localConfig(variables) {
  const demo = Object.entries(PEOPLE).map(([who, id]) => ({ id, token: variables[`TOKEN_${who}`] }));
  const ids = demo.map(({ id }) => id);
  const { people, deliveries } = await withDatabase(variables.DATABASE_URL, async (client) => ({
    people: (await client.query(PEOPLE_QUERY, [ids])).rows,
    deliveries: (await client.query(DELIVERIES_QUERY, [ids])).rows,
  }));
  const emulator = variables.FIREBASE_DATABASE_EMULATOR_HOST || null;
  // The stand-in also signs in, at the same address. Google's Auth emulator has its own address.
  const signIn = process.env.FIREBASE_AUTH_EMULATOR_HOST || emulator;
  return {
    api_url: variables.BASE_URL,
    firebase: { api_key: 'none', database_emulator: emulator, auth_emulator: emulator && `http://${signIn}` },
    people: people.map((person) => ({ ...person, token: demo.find(({ id }) => id === person.id).token })),
    deliveries,
  };
}

const PEOPLE_QUERY = 'SELECT id, full_name, user_type FROM users WHERE id = ANY ($1::uuid[]) ORDER BY id';
const DELIVERIES_QUERY = `
  SELECT id, tracking_number, driver_id, client_id, merchant_id FROM deliveries WHERE driver_id = ANY ($1::uuid[])
  ORDER BY tracking_number`;
