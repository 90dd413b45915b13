// A function's internal extension and its end. If only the extension ended, Lambda would keep the environment, and each
// later invocation would time out. After SIGTERM the process has 500 ms.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { folderOfBinaries } from '../dev/parts/build.mjs';
import { ROOT } from '../dev/parts/places.mjs';
import { start } from '../dev/parts/processes.mjs';
import { ownParts, plain } from './support/own-parts.mjs';

const parts = ownParts('extension');

/**
 * Starts a Runtime API and Extensions API that never send an event. `nextForExtension` responds to the extension, and
 * `functionIsReady` is called when the function asks for its first event.
 */
async function runtimeApi({ nextForExtension = () => {}, functionIsReady = () => {} }) {
  const server = createServer((request, response) => {
    if (request.url.endsWith('/extension/register')) {
      response.writeHead(200, { 'lambda-extension-identifier': 'id', 'content-type': 'application/json' });
      response.end(JSON.stringify({ functionName: 'f', functionVersion: '1', handler: 'bootstrap' }));
    } else if (request.url.endsWith('/extension/event/next')) {
      nextForExtension(response);
    } else if (request.url.endsWith('/runtime/invocation/next')) {
      functionIsReady();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${server.address().port}`;
}

/** Starts a function on a Runtime API. */
async function startFunction(name, api) {
  const env = plain({
    AWS_LAMBDA_RUNTIME_API: api,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '1',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    DATABASE_URL: 'postgres://relais@127.0.0.1:1/relais',
    JWT_SECRET: 'a key of the tests that is long enough to sign',
  });
  const binary = join(await folderOfBinaries(ROOT), name);
  const running = await start(name, binary, [], { env, logs: parts.logs });
  after(() => running.stop());
  return running;
}

/** One function with work after the response, and one without. */
for (const name of ['send-message', 'unread-count']) {
  test(`the process of ${name} ends with its extension`, { timeout: 20_000 }, async () => {
    const api = await runtimeApi({ nextForExtension: (response) => response.writeHead(500).end('{}') });
    const running = await startFunction(name, api);
    assert.equal(await running.ended, 'exit code 1');
  });

  // Lambda sends SIGKILL 500 ms after SIGTERM. `ended` is the signal if the process does not exit by itself before.
  test(`the process of ${name} exits in Lambda's time after SIGTERM`, { timeout: 20_000 }, async () => {
    let functionIsReady;
    const ready = new Promise((resolve) => (functionIsReady = resolve));
    const running = await startFunction(name, await runtimeApi({ functionIsReady }));
    await ready;
    await running.stop({ signal: 'SIGTERM', timeout: 500 });
    assert.equal(await running.ended, 'exit code 0');
  });
}
