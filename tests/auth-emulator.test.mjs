import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { deleteApp, initializeApp } from 'firebase/app';
import { connectAuthEmulator, getAuth, getIdTokenResult, signInWithCustomToken, signOut } from 'firebase/auth';
import { aDriver } from './support/people.mjs';

/** The official Auth emulator, which runs offline, accepts the tokens of `firebase_token/`. */

const FIREBASE = fileURLToPath(new URL('../node_modules/.bin/firebase', import.meta.url));
const PROJECT = 'demo-chat';
const STARTS_WITHIN_MS = 120_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

describe('the official Auth emulator', () => {
  const directory = mkdtempSync(join(tmpdir(), 'auth-emulator-'));
  let emulator;
  let url;

  before(
    async () => {
      const [auth, hub, logging] = await Promise.all([freePort(), freePort(), freePort()]);
      const at = (port) => ({ host: '127.0.0.1', port });
      const emulators = { auth: at(auth), hub: at(hub), logging: at(logging), ui: { enabled: false } };
      writeFileSync(join(directory, 'firebase.json'), JSON.stringify({ emulators }));
      emulator = spawn(FIREBASE, ['emulators:start', '--only', 'auth', '--project', PROJECT, '--non-interactive'], {
        cwd: directory,
        // The emulator writes settings and a log. Keep them out of the developer's home.
        env: { ...process.env, HOME: directory, XDG_CONFIG_HOME: directory },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      const ended = once(emulator, 'exit').then(() =>
        Promise.reject(new Error(`The emulator did not start:\n${output}`)),
      );
      ended.catch(() => {});
      const ready = new Promise((resolve) => {
        for (const stream of [emulator.stdout, emulator.stderr]) {
          stream.on('data', (chunk) => {
            output += chunk;
            if (output.includes('All emulators ready')) resolve();
          });
        }
      });
      await Promise.race([ready, ended]);
      url = `http://127.0.0.1:${auth}`;
    },
    { timeout: STARTS_WITHIN_MS },
  );

  after(async () => {
    if (emulator.exitCode === null) {
      const ended = once(emulator, 'exit');
      emulator.kill('SIGINT');
      await ended;
    }
    rmSync(directory, { recursive: true, force: true });
  });

  it('accepts our custom token, which has the uid and no other claim', async () => {
    const app = initializeApp({ apiKey: 'none', projectId: PROJECT });
    const auth = getAuth(app);
    connectAuthEmulator(auth, url, { disableWarnings: true });
    const driver = await aDriver();
    const { body } = await driver.post('firebase_token/');
    const { user } = await signInWithCustomToken(auth, body.token);
    assert.equal(user.uid, driver.id);
    const { claims, signInProvider } = await getIdTokenResult(user);
    assert.equal(signInProvider, 'custom');
    assert.deepEqual(Object.keys(claims).sort(), [
      'aud',
      'auth_time',
      'exp',
      'firebase',
      'iat',
      'iss',
      'sub',
      'user_id',
    ]);
    await signOut(auth);
    await deleteApp(app);
  });
});
