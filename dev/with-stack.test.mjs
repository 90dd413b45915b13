import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { DIRECTORY, ROOT } from './parts/places.mjs';
import { screen } from './terminal/screen.mjs';

const withStack = (...args) => promisify(execFile)(process.execPath, [join(ROOT, 'dev', 'with-stack.mjs'), ...args]);

test('the commands that `make dev` prints show a conversation', async () => {
  const settings = { directory: DIRECTORY, postgres: {}, firebase: { kind: 'off' }, webhooks: { url: '' } };
  const [, lines] = screen({ settings, variables: {}, hasDemo: true, root: ROOT }).split(/source .dev\/env|^A page with two phones/m);
  const { stdout } = await withStack('--only', 'postgres,firebase,functions', '--', 'bash', '-euc', lines);
  assert.match(stdout, /^Room [0-9a-f-]{36}$/m);
  const history = JSON.parse(stdout.trimEnd().split('\n').at(-1));
  assert.deepEqual(
    history.results.map(({ sender, text }) => [sender?.full_name, text]),
    [
      [undefined, 'La livraison LBN123456 arrive à destination.'],
      ['Aya Koné', 'Parfait, je vous attends au portail'],
      ['Kouassi Yao', 'Bonjour, je suis votre livreur'],
    ],
  );
});

test("a command's exit code is passed on, and no process or file remains", async () => {
  const command = ['--only', 'postgres,firebase', '--', 'sh', '-c', 'echo $PPID $TEST_DATABASE_URL $FIREBASE_DATABASE_URL; exit'];
  const { stdout } = await withStack(...command);
  const [pid, databaseUrl, firebaseUrl] = stdout.trim().split(' ');
  assert.ok(!existsSync(join(DIRECTORY, `test-${pid}`)));
  await assert.rejects(fetch(databaseUrl.replace('postgres:', 'http:').replace('relais@', '')));
  await assert.rejects(fetch(firebaseUrl));

  const failing = withStack('--only', 'postgres', '--', 'sh', '-c', 'exit 7');
  await assert.rejects(failing, ({ code }) => code === 7);
});
