import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, it } from 'node:test';
import { deleteApp, initializeApp } from 'firebase/app';
import { getDatabase, onDisconnect, ref, set } from 'firebase/database';
import { newServiceAccount } from './sign-in/service-account.mjs';

/** Tests the program: its output, its exit, and the data that it stores. */

const MAIN = fileURLToPath(new URL('main.mjs', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'stand-in-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const rules = join(scratch, 'rules.json');
const serviceAccount = join(scratch, 'service-account.json');
writeFileSync(rules, JSON.stringify({ rules: { '.read': true, '.write': true } }));
writeFileSync(serviceAccount, JSON.stringify(newServiceAccount()));
let directories = 0;
const freshDirectory = () => join(scratch, `data-${directories++}`);

function run(context, ...args) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  context.after(() => child.kill('SIGKILL'));
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal, errors }));
  return { child, ended };
}

const options = (port, data) => {
  const files = ['--rules', rules, '--service-account', serviceAccount, '--data', data];
  return ['--port', port, ...files];
};

async function start(context, data, ...args) {
  const process = run(context, ...options('0', data), ...args);
  const [line] = await once(process.child.stdout, 'data');
  return { ...process, line: String(line), url: /http:\S+/.exec(line)[0] };
}

const put = (url, path, value) => fetch(`${url}${path}.json`, { method: 'PUT', body: JSON.stringify(value) });
const read = async (url, path = '/') => (await fetch(`${url}${path}.json`)).json();

describe('main.mjs', () => {
  it('prints its address in one line, and exits cleanly on a signal', async (context) => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
      const { child, ended, line } = await start(context, freshDirectory());
      assert.match(line, /^Firebase stand-in listening on http:\/\/127\.0\.0\.1:\d+\n$/);
      child.kill(signal);
      assert.deepEqual(await ended, { code: 0, signal: null, errors: '' });
    }
  });

  it('reports a port that is in use, and does not change the data', async (context) => {
    const data = freshDirectory();
    const { url } = await start(context, data);
    await put(url, '/a', 1);
    const before = readdirSync(data);
    const { ended } = run(context, ...options(new URL(url).port, data));
    const { code, errors } = await ended;
    assert.deepEqual(
      [code, errors],
      [1, `Port ${new URL(url).port} of 127.0.0.1 is taken: choose another with --port.\n`],
    );
    assert.deepEqual(readdirSync(data), before);
  });

  it('reports missing and invalid options', async (context) => {
    const refusal = async (...args) => (await run(context, ...args).ended).errors.split('\n')[0];
    assert.equal(await refusal(), '--rules is missing.');
    const all = ['--rules', rules, '--data', freshDirectory(), '--service-account', serviceAccount];
    assert.equal(await refusal(...all, '--port', 'x'), '--port must be a whole number.');
    writeFileSync(join(scratch, 'bad.json'), '{"rules": {".read": "nobody()"}}');
    assert.match(await refusal(...all, '--rules', join(scratch, 'bad.json')), /^Invalid rules: /);
  });
});

describe('data', () => {
  const value = { text: 'é😀', list: [1, null, 3], deep: { '.priority': 5, x: { '.value': 1, '.priority': 'p' } } };
  const stored = { text: 'é😀', list: [1, null, 3], deep: { x: 1 } };

  it('survives a restart, in every namespace, with priorities', async (context) => {
    const data = freshDirectory();
    const first = await start(context, data);
    await put(first.url, '/a', value);
    await fetch(`${first.url}/b.json?ns=other`, { method: 'PUT', body: '2' });
    first.child.kill('SIGTERM');
    await first.ended;
    const { url } = await start(context, data);
    assert.deepEqual(await read(url), { a: stored });
    assert.deepEqual(await (await fetch(`${url}/a/deep/x.json?format=export`)).json(), {
      '.value': 1,
      '.priority': 'p',
    });
    assert.deepEqual(await (await fetch(`${url}/.json?ns=other`)).json(), { b: 2 });
  });

  it('is complete after kill -9, up to the last confirmed write', async (context) => {
    const data = freshDirectory();
    const first = await start(context, data);
    await Promise.all(Array.from({ length: 200 }, (_, n) => put(first.url, `/n/x${n}`, n)));
    await fetch(`${first.url}/n.json`, { method: 'PATCH', body: '{"x0":null,"deep/er":1}' });
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await start(context, data);
    const { deep, ...rest } = await read(second.url, '/n');
    assert.deepEqual([deep, Object.keys(rest).length], [{ er: 1 }, 199]);
  });

  it('survives a truncated last line of the journal, twice', async (context) => {
    const data = freshDirectory();
    for (const round of [1, 2]) {
      const { url, child, ended } = await start(context, data);
      assert.equal(Object.keys((await read(url)) ?? {}).length, round - 1);
      await put(url, `/round${round}`, round);
      child.kill('SIGKILL');
      await ended;
      const journal = readdirSync(data).find((name) => name.startsWith('journal'));
      appendFileSync(join(data, journal), '["",[[["torn"],{"a":');
    }
    const { url } = await start(context, data);
    assert.deepEqual(await read(url), { round1: 1, round2: 2 });
  });

  it('onDisconnect writes are stored if the stand-in stops first', async (context) => {
    const data = freshDirectory();
    const first = await start(context, data);
    const app = initializeApp({ databaseURL: first.url });
    const database = getDatabase(app);
    await set(ref(database, 'typing'), true);
    await onDisconnect(ref(database, 'typing')).remove();
    first.child.kill('SIGTERM');
    assert.equal((await first.ended).code, 0);
    await deleteApp(app);
    const { url } = await start(context, data);
    assert.equal(await read(url, '/typing'), null);
  });
});
