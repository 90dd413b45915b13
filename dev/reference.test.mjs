// The curl commands of the API reference. web/e2e/reference.test.mjs tests the page.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { parse } from 'yaml';
import { ROOT } from './parts/places.mjs';
import { curl } from './reference.mjs';

const api = parse(await readFile(join(ROOT, 'openapi.yaml'), 'utf8'));

test('a curl command has the required parameters, a body and the right token', () => {
  const send = curl(api, '/api/v1/chat/messages/', 'post', api.paths['/api/v1/chat/messages/'].post);
  assert.match(send, /^curl -X POST "\$BASE_URL\/api\/v1\/chat\/messages\/" \\\n {2}-H "Authorization: Bearer \$TOKEN_DRIVER"/);
  assert.match(send, /-d '\{"chat_room_id":/);
  const history = curl(api, '/api/v1/chat/messages/', 'get', api.paths['/api/v1/chat/messages/'].get);
  assert.match(history, /messages\/\?chat_room_id=/);
  const event = curl(api, '/api/v1/chat/events/', 'post', api.paths['/api/v1/chat/events/'].post);
  assert.match(event, /TOKEN_PLATFORM/);
});
