// `cargo lambda watch --env-file .dev/env` serves the same routes without the emulator.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { ROOT } from '../dev/parts/places.mjs';
import { freePort, start, untilReady } from '../dev/parts/processes.mjs';
import { writeEnvFile } from '../dev/terminal/env-file.mjs';
import { call, ROOT as API } from './support/api.mjs';
import { aConversation } from './support/people.mjs';
import { plain } from './support/own-parts.mjs';

/** The first call of a function compiles it. */
const FIRST_CALL_SECONDS = 300;

const NAMES = ['DATABASE_URL', 'JWT_SECRET', 'FIREBASE_DATABASE_URL', 'FIREBASE_CREDENTIALS_PATH', 'FIREBASE_DATABASE_EMULATOR_HOST', 'FCM_URL'];

const directory = mkdtempSync(join(tmpdir(), 'relais-watch-'));
let watch;
after(async () => {
  await watch?.stop();
  rmSync(directory, { recursive: true });
});

test('it serves reads and writes on both forms of a path, and links that can be followed', async () => {
  const { driver, room } = await aConversation();
  const file = join(directory, 'env');
  writeEnvFile(file, Object.fromEntries(NAMES.map((name) => [name, process.env[name]])));
  const port = await freePort();
  const args = ['lambda', 'watch', '--env-file', file, '--invoke-address', '127.0.0.1', '--invoke-port', String(port), '--ignore-changes'];
  const { HOME, CARGO_HOME, RUSTUP_HOME } = process.env;
  const env = Object.fromEntries(Object.entries(plain({ HOME, CARGO_HOME, RUSTUP_HOME })).filter(([, value]) => value !== undefined));
  watch = await start('cargo-lambda-watch', 'cargo', args, { cwd: ROOT, env, logs: directory });

  const url = `http://127.0.0.1:${port}`;
  const headers = { 'authorization': `Bearer ${driver.token}`, 'content-type': 'application/json' };
  const request = (method, path, body) => call(method, path.startsWith('http') ? path : `${url}${API}${path}`, { headers, payload: body && JSON.stringify(body) });
  const send = { chat_room_id: room.id, text: 'Bonjour' };
  const first = async () => {
    const response = await request('POST', 'messages/', send);
    assert.equal(response.status, 201, response.text);
  };
  await untilReady(watch, first, { seconds: FIRST_CALL_SECONDS });
  assert.equal((await request('POST', 'messages', send)).status, 201, 'without the slash');

  for (const path of ['messages/', 'messages']) {
    const page = await request('GET', `${path}?chat_room_id=${room.id}&page_size=1`);
    assert.equal(page.status, 200, page.text);
    assert.ok(page.body.next.startsWith(url), page.body.next);
    const { status, body } = await request('GET', page.body.next);
    assert.equal(status, 200);
    assert.equal(body.results.length, 1);
  }
});
