// Servers and functions of a test's own, beside the stack: where it needs a PostgreSQL that checks passwords or has few
// connections, a pooler, or processes with other variables. They go when the file's tests are over.

import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after } from 'node:test';

import { serveGateway } from '../../dev/lambda/gateway.mjs';
import { Lambda } from '../../dev/lambda/lambda.mjs';
import { readRoutes } from '../../dev/lambda/routes.mjs';
import { serveRuntimeApi } from '../../dev/lambda/runtime-api.mjs';
import { folderOfBinaries } from '../../dev/parts/build.mjs';
import { Functions } from '../../dev/parts/functions.mjs';
import { startPgBouncer } from '../../dev/parts/pgbouncer.mjs';
import { DIRECTORY, ROOT } from '../../dev/parts/places.mjs';
import { placeOfRoot, postgresServer } from '../../dev/parts/postgres-server.mjs';
import { startPostgres } from '../../dev/parts/postgres.mjs';
import { answers, freePort, start } from '../../dev/parts/processes.mjs';
import { startRedis } from '../../dev/parts/redis.mjs';
import { call, ROOT as API } from './api.mjs';

const HOST = '127.0.0.1';
const say = (text) => console.error(text);

/** `name`: in one run no two are called the same. */
export function ownParts(name) {
  const directory = join(DIRECTORY, `own-${process.pid}-${name}`);
  const logs = join(directory, 'logs');
  const undo = [];
  after(async () => {
    for (const end of undo.reverse()) await end();
    rmSync(directory, { recursive: true, force: true });
    if (process.getuid() === 0) rmSync(join(placeOfRoot(ROOT), basename(directory)), { recursive: true, force: true });
  });

  return {
    logs,

    /** An empty PostgreSQL; its URL, and where its data lie. */
    async postgres(settings) {
      const server = postgresServer({ root: ROOT, directory });
      const port = await freePort();
      const url = `postgres://relais@${HOST}:${port}/relais`;
      const running = await startPostgres(server, { url, host: HOST, port, logs, settings, died: say });
      undo.push(running.stop);
      return { url, data: server.data };
    },

    /** The same database behind a pooler. */
    async pgbouncer(url, options) {
      const running = await startPgBouncer(url, { directory, logs, ...options });
      undo.push(running.stop);
      return running.url;
    },

    /** An empty Redis. */
    async redis() {
      const running = await startRedis({ directory, logs, died: say });
      undo.push(running.stop);
      return running;
    },

    /** AWS, as far as moto plays it; its address. */
    async moto() {
      const port = await freePort();
      const running = await start('moto', 'moto_server', ['-H', HOST, '-p', String(port)], { logs, died: say });
      undo.push(() => running.stop());
      const url = `http://${HOST}:${port}`;
      await answers(running, () => fetch(url));
      return url;
    },

    /** Processes of these functions with these variables, and an API before them. */
    async functions(names, { environment, processes = 1, at = 'functions' }) {
      const lambda = new Lambda();
      const runtimeApi = await serveRuntimeApi(lambda);
      undo.push(() => runtimeApi.close());
      const binaries = await folderOfBinaries(ROOT);
      const place = join(logs, at);
      const functions = new Functions({ ...runtimeApi, lambda, binaries, environment, logs: place, processes, say });
      undo.push(() => functions.stop());
      await functions.start(names);
      const port = await freePort();
      const log = join(place, 'gateway.log');
      const gateway = await serveGateway(lambda, await readRoutes(ROOT), { host: HOST, port, log });
      undo.push(gateway.close);
      return {
        logs: place,
        /** One request to the API. */
        request(method, path, token, body) {
          const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
          return call(method, `http://${HOST}:${port}${API}${path}`, { headers, payload: body && JSON.stringify(body) });
        },
        /** `seconds`: the function's deadline. */
        invoke: async (name, event = {}, { seconds = 60 } = {}) =>
          JSON.parse(await lambda.invoke(name, Buffer.from(JSON.stringify(event)), { seconds })),
      };
    },
  };
}

/** What every process has, and nothing of the stack's. */
export const plain = (variables) => ({
  PATH: process.env.PATH,
  RUST_LOG: 'info',
  FIREBASE_DATABASE_URL: '',
  ...variables,
});
