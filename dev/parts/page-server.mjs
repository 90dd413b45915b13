import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { listen } from './processes.mjs';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** vite puts a hash of the content into these names. */
const UNCHANGING = /^\/assets\//;

/**
 * Serves the files of a folder, and a configuration as `config.json`.
 *
 * @param config  the content of `config.json` (web/src/config.ts)
 * @returns {Promise<() => Promise<void>>} stops the server
 */
export async function servePage({ folder, config, host, port }) {
  const server = createServer((request, response) => {
    answer(request, response, { folder, config }).catch(() => response.destroy());
  });
  await listen(server, port, host);
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
}

async function answer(request, response, { folder, config }) {
  if (!['GET', 'HEAD'].includes(request.method)) return sendStatus(response, 405);
  const path = pathOf(request.url);
  if (path === '/config.json') return send(response, '.json', 'no-store').end(JSON.stringify(config));

  const file = path && (await fileOf(folder, path));
  if (!file) return sendStatus(response, 404);
  send(response, extname(file), UNCHANGING.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (request.method === 'HEAD') return response.end();
  createReadStream(file).on('error', () => response.destroy()).pipe(response);
}

/** Returns the decoded path without any `..`, or undefined if it is invalid. */
function pathOf(url) {
  try {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    if (path.includes('\0')) return undefined;
    return normalize(path === '/' ? '/index.html' : path).replaceAll(sep, '/');
  } catch {
    return undefined;
  }
}

async function fileOf(folder, path) {
  const file = join(folder, path);
  // Guards against path traversal, although the path starts with a slash and is normalised.
  if (!file.startsWith(folder + sep)) return undefined;
  const isFile = await stat(file).then((entry) => entry.isFile(), () => false);
  return isFile ? file : undefined;
}

function send(response, extension, caching) {
  const type = TYPES[extension] ?? 'application/octet-stream';
  return response.writeHead(200, { 'content-type': type, 'cache-control': caching, 'x-content-type-options': 'nosniff' });
}

function sendStatus(response, status) {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end('');
}
