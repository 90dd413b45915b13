import { queryOf, toJson } from './rest.mjs';
import { formatPath, parseUrlPath } from '../data/paths.mjs';

const KEEP_ALIVE_MS = 30_000;

/** Streams over the REST API: sends server-sent events until the client disconnects. */
export function streamEvents(database, { caller, expiresAt }, request, response) {
  const path = parseUrlPath(request.url.pathname);
  const params = request.url.searchParams;
  const query = queryOf(database, path, params);
  const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  const end = (event, data) => {
    send(event, data);
    response.end();
  };
  const relative = (absolute) => formatPath(absolute.slice(path.length));

  const listener = database.listen({
    path,
    query,
    caller,
    onChange(event) {
      if (event.kind === 'put') send('put', { path: relative(event.path), data: toJson(params, event.node) });
      else send('patch', { path: relative(event.path), data: mergeData(params, event.nodes) });
    },
    onRevoke: () => end('cancel', null),
  });
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  send('put', { path: '/', data: toJson(params, database.peek(path, query)) });

  const keepAlive = setInterval(() => send('keep-alive', null), KEEP_ALIVE_MS);
  const expiry =
    expiresAt && setTimeout(() => end('auth_revoked', 'credential is no longer valid'), expiresAt - Date.now());
  response.on('close', () => {
    clearInterval(keepAlive);
    clearTimeout(expiry);
    database.unlisten(listener);
  });
}

const mergeData = (params, nodes) =>
  Object.fromEntries(nodes.map(([path, node]) => [path.join('/'), toJson(params, node)]));
