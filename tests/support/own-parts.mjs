// Servers and functions for one test file, beside the stack: a PostgreSQL that checks passwords or has few
// connections, a pooler, or functions with other variables. They stop after the tests of the file.

import { join } from 'node:path';
import { after } from 'node:test';

import { emulatorBinary, folderOfBinaries } from '../../dev/parts/build.mjs';
import { startFunctions } from '../../dev/parts/functions.mjs';
import { startPgBouncer } from '../../dev/parts/pgbouncer.mjs';
import { DIRECTORY, ROOT } from '../../dev/parts/places.mjs';
import { postgresServer, removeStack } from '../../dev/parts/postgres-server.mjs';
import { startPostgres } from '../../dev/parts/postgres.mjs';
import { freePort, start, untilReady } from '../../dev/parts/processes.mjs';
import { startRedis } from '../../dev/parts/redis.mjs';
import { call, ROOT as API } from './api.mjs';

const HOST = '127.0.0.1';
const say = (text) => console.error(text);

/** Returns starters for parts. `name` is unique within a run. */
export function ownParts(name) {
  const directory = join(DIRECTORY, `own-${process.pid}-${name}`);
  const logs = join(directory, 'logs');
  const undo = [];
  after(async () => {
    for (const end of undo.reverse()) await end();
    removeStack(ROOT, directory);
  });

  return {
    logs,

    /** Starts an empty PostgreSQL; returns its URL and its data directory. */
    async postgres(settings) {
      const server = postgresServer({ root: ROOT, directory });
      const port = await freePort();
      const url = `postgres://relais@${HOST}:${port}/relais`;
      const running = await startPostgres(server, { url, host: HOST, port, logs, settings, died: say });
      undo.push(running.stop);
      return { url, data: server.data };
    },

    /** Starts a pooler for the same database. */
    async pgbouncer(url, options) {
      const running = await startPgBouncer(url, { directory, logs, ...options });
      undo.push(running.stop);
      return running.url;
    },

    /** Starts an empty Redis. */
    async redis() {
      const running = await startRedis({ directory, logs, died: say });
      undo.push(running.stop);
      return running;
    },

    /** Starts moto, which emulates AWS; returns its URL. */
    async moto() {
      const port = await freePort();
      const running = await start('moto', 'moto_server', ['-H', HOST, '-p', String(port)], { logs, died: say });
      undo.push(() => running.stop());
      const url = `http://${HOST}:${port}`;
      await untilReady(running, () => fetch(url));
      return url;
    },

    /**
     * Starts these functions with these variables behind an API of their own.
     *
     * @param processes  environments of each function
     * @param timeout    seconds, instead of the template's
     */
    async functions(names, { environment, processes = 1, at = 'functions', timeout }) {
      const place = join(logs, at);
      const port = await freePort();
      const functions = await startFunctions({
        root: ROOT,
        emulator: await emulatorBinary(ROOT),
        binaries: await folderOfBinaries(ROOT),
        environment,
        logs: place,
        host: HOST,
        port,
        names,
        warm: processes,
        environments: processes,
        options: timeout ? ['--timeout', String(timeout)] : [],
        say,
      });
      undo.push(() => functions.stop());
      const url = `http://${HOST}:${port}`;
      return {
        logs: place,
        url,
        /** Sends a request to the API. */
        request(method, path, token, body) {
          const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
          return call(method, `${url}${API}${path}`, { headers, payload: body && JSON.stringify(body) });
        },
        invoke: (name, event) => functions.invoke(name, event),
      };
    },
  };
}

/** Returns the variables that every process needs, and no others of the stack. */
export const plain = (variables) => ({
  PATH: process.env.PATH,
  RUST_LOG: 'info',
  FIREBASE_DATABASE_URL: '',
  ...variables,
});
