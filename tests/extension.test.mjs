// A function's internal extension. If only the extension ends, Lambda keeps the environment, and each later
// invocation times out. If the process ends, Lambda replaces the environment.

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
 * Starts a Runtime API and Extensions API that never send an event. `nextForExtension` responds to the extension.
 */
async function runtimeApi(nextForExtension) {
  const server = createServer((request, response) => {
    if (request.url.endsWith('/extension/register')) {
      response.writeHead(200, { 'lambda-extension-identifier': 'id', 'content-type': 'application/json' });
      response.end(JSON.stringify({ functionName: 'f', functionVersion: '1', handler: 'bootstrap' }));
    } else if (request.url.endsWith('/extension/event/next')) {
      nextForExtension(response);
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

/** One function with work after the response, and one without. */
for (const name of ['send-message', 'unread-count']) {
  test(`the process of ${name} ends with its extension`, { timeout: 20_000 }, async () => {
    const api = await runtimeApi((response) => response.writeHead(500).end('{}'));
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
    assert.equal(await running.ended, 'exit code 1');
  });
}
