import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./invoke.mjs', import.meta.url));
let response;
const server = createServer((request, sent) => {
  const { headers = {}, body } = response;
  sent.writeHead(200, headers).end(JSON.stringify(body));
});

before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
after(() => server.close());

/** Runs dev/invoke.mjs against this response. Lambda's Invoke API returns 200 even for a failed function. */
async function invoke(expected, { BASE_URL = `http://127.0.0.1:${server.address().port}` } = {}) {
  response = expected;
  const child = spawn(process.execPath, [SCRIPT, 'preflight', '{}'], { env: { BASE_URL }, stdio: ['ignore', 'pipe', 'pipe'] });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { printed: printed.trim(), code };
}

test('a report with a table is printed as the table, another one as JSON', async () => {
  assert.deepEqual(await invoke({ body: { rooms: 1 } }), { printed: '{"rooms":1}', code: 0 });
  assert.deepEqual(await invoke({ body: { ok: true, table: 'ok  FCM\n' } }), { printed: 'ok  FCM', code: 0 });
});

test('a failed function, a report that is not ok and a stopped stack are failures', async () => {
  const headers = { 'x-amz-function-error': 'Unhandled' };
  const failed = await invoke({ headers, body: { errorMessage: 'there is no room' } });
  assert.equal(failed.code, 1);
  assert.match(failed.printed, /there is no room/);
  assert.equal((await invoke({ body: { ok: false, table: 'FAILED  FCM' } })).code, 1);
  assert.equal((await invoke({}, { BASE_URL: 'http://127.0.0.1:1' })).code, 2);
});
