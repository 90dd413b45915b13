import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withDatabase } from './parts/database.mjs';
import { PEOPLE } from './parts/people.mjs';

const PAGE = fileURLToPath(new URL('../web/dist', import.meta.url));

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** What vite puts there carries its content's hash in its name. */
const UNCHANGING = /^\/assets\//;

/**
 * Serves the page of web/, with this configuration beside it.
 *
 * @param config  what `config.json` answers (web/src/config.ts)
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function startWeb({ port, host = '127.0.0.1', config }) {
  await stat(join(PAGE, 'index.html')).catch(() => {
    throw new Error('The page is not built: npm run build --workspace web');
  });
  const server = createServer((request, response) => {
    answer(request, response, config).catch(() => response.destroy());
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${server.address().port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(request, response, config) {
  if (!['GET', 'HEAD'].includes(request.method)) return refuse(response, 405);
  const path = pathOf(request.url);
  if (path === '/config.json') return send(response, '.json', 'no-store').end(JSON.stringify(config));

  const file = path && (await fileOf(path));
  if (!file) return refuse(response, 404);
  send(response, extname(file), UNCHANGING.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (request.method === 'HEAD') return response.end();
  createReadStream(file).on('error', () => response.destroy()).pipe(response);
}

/** Decoded and without any `..`; undefined where that is no path. */
function pathOf(url) {
  try {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    if (path.includes('\0')) return undefined;
    return normalize(path === '/' ? '/index.html' : path).replaceAll(sep, '/');
  } catch {
    return undefined;
  }
}

async function fileOf(path) {
  const file = join(PAGE, path);
  // The path begins with a slash and is normalised, so this always holds: it is what must hold.
  if (!file.startsWith(PAGE + sep)) return undefined;
  const isFile = await stat(file).then((entry) => entry.isFile(), () => false);
  return isFile ? file : undefined;
}

function send(response, extension, caching) {
  const type = TYPES[extension] ?? 'application/octet-stream';
  return response.writeHead(200, { 'content-type': type, 'cache-control': caching, 'x-content-type-options': 'nosniff' });
}

function refuse(response, status) {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end('');
}

/**
 * The configuration for a stack: the demo people with their tokens, so for a developer's own machine only. Where the
 * users are somebody's own, it has none of them, and one signs in with a token.
 *
 * @param variables  of the stack, as in `.dev/env`
 */
export async function localConfig(variables) {
  const demo = Object.entries(PEOPLE).map(([who, id]) => ({ id, token: variables[`TOKEN_${who}`] }));
  const ids = demo.map(({ id }) => id);
  const { people, deliveries } = await withDatabase(variables.DATABASE_URL, async (client) => ({
    people: (await client.query(PEOPLE_QUERY, [ids])).rows,
    deliveries: (await client.query(DELIVERIES_QUERY, [ids])).rows,
  }));
  const emulator = variables.FIREBASE_DATABASE_EMULATOR_HOST || null;
  // The stand-in signs in at the same address. Google's Auth emulator has its own.
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
