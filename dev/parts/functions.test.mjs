import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { aLambda } from '../lambda/testing.mjs';
import { Functions } from './functions.mjs';

/** A function that notes in `event.mark` that it has begun, and answers after `event.ms` who it is. */
const program = (version) => `#!${process.execPath}
const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API.replace('http://', '') + '/2018-06-01/runtime/invocation/';
(async () => {
  for (;;) {
    const next = await fetch(api + 'next');
    const { ms = 0, mark } = await next.json();
    if (mark) require('node:fs').appendFileSync(mark, process.pid + ' ');
    await new Promise((done) => setTimeout(done, ms));
    const body = JSON.stringify({ pid: process.pid, version: ${version} });
    await fetch(api + next.headers.get('lambda-runtime-aws-request-id') + '/response', { method: 'POST', body });
  }
})();
`;

let stack, directory, functions, said;

beforeEach(async () => {
  stack = await aLambda();
  directory = mkdtempSync(join(tmpdir(), 'relais-'));
  said = [];
  functions = new Functions({
    lambda: stack.lambda,
    addressOf: stack.addressOf,
    binaries: directory,
    environment: { PATH: process.env.PATH },
    logs: join(directory, 'logs'),
    processes: 2,
    say: (text) => said.push(text),
  });
});
afterEach(async () => {
  await functions.stop();
  stack.close();
  rmSync(directory, { recursive: true });
});

const built = (name, content) => writeFileSync(join(directory, name), content, { mode: 0o755 });
const call = async (event) => JSON.parse(await stack.lambda.invoke('sample', Buffer.from(JSON.stringify(event))));

async function bothBegun(mark) {
  for (;;) {
    const pids = existsSync(mark) ? readFileSync(mark, 'utf8').trim().split(' ').map(Number) : [];
    if (pids.length === 2) return pids;
    await nextTurn();
  }
}

test('a process that is killed is replaced, and only its own call is lost', async () => {
  built('sample', program(1));
  await functions.start(['sample']);
  const mark = join(directory, 'mark');
  const calls = [call({ ms: 500, mark }), call({ ms: 500, mark })];
  const [pid] = await bothBegun(mark);
  process.kill(pid, 'SIGKILL');
  const outcomes = await Promise.allSettled(calls);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const pids = new Set((await Promise.all([call({ ms: 500 }), call({ ms: 500 })])).map((answer) => answer.pid));
  assert.equal(pids.size, 2);
  assert.ok(!pids.has(pid));
  assert.match(said[0], /sample ended \(SIGKILL\)/);
});

test('a new build takes over without a call being lost', async () => {
  built('sample', program(1));
  await functions.start(['sample']);
  const slow = call({ ms: 400 });
  built('sample', program(2));
  let replaced = false;
  const replacing = functions.replace(['sample']).then(() => (replaced = true));
  while (!replaced) assert.ok((await call({})).version >= 1);
  await replacing;
  assert.equal((await slow).version, 1);
  assert.equal((await call({})).version, 2);
  assert.deepEqual(said, []);
});

test('a new build that cannot start leaves the old one in its place', async () => {
  built('sample', program(1));
  await functions.start(['sample']);
  built('sample', `#!/bin/sh\necho 'JWT_SECRET is not set' >&2\nexit 1\n`);
  await functions.replace(['sample']);
  assert.equal((await call({})).version, 1);
  assert.match(said[0], /JWT_SECRET is not set/);
});

test('a function that cannot start is an error with what it said', async () => {
  built('sample', `#!/bin/sh\necho 'JWT_SECRET is not set' >&2\nexit 1\n`);
  await assert.rejects(functions.start(['sample']), /sample cannot start \(exit code 1\):\nJWT_SECRET is not set/);
});

test('a function that was not built is an error that says so', async () => {
  await assert.rejects(functions.start(['sample']), /sample was not built/);
});
