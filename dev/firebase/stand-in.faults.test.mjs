import assert from 'node:assert/strict';
import { after, beforeEach, describe, it } from 'node:test';
import { startStandIn } from './server.mjs';

const standIn = await startStandIn({ rules: { rules: { '.read': true, '.write': true } } });
after(() => standIn.close());

const call = (method, path, body) =>
  fetch(`${standIn.url}${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
const inject = (plan) => call('PUT', '/.faults', plan);
const data = async (path) => (await call('GET', `${path}.json`)).json();
const requests = async () => (await call('GET', '/.requests')).json();

beforeEach(async () => {
  await call('DELETE', '/.faults');
  await call('DELETE', '/.json');
  await call('DELETE', '/.requests');
});

describe('injected faults', () => {
  it('a status is returned `count` times', async () => {
    await inject([{ path: '/chats/**', method: 'PATCH', status: 503, retryAfter: 7, count: 2 }]);
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await call('PATCH', '/chats/a.json', { n: i }));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [503, 503, 200],
    );
    assert.equal(answers[0].headers.get('retry-after'), '7');
    assert.deepEqual(await data('/chats/a'), { n: 2 });
  });

  it('a fault applies only to the given paths and methods', async () => {
    await inject([{ path: '/chats/*', method: 'PUT', status: 500 }]);
    assert.equal((await call('PUT', '/chats/a.json', 1)).status, 500);
    assert.equal((await call('PUT', '/chats/a/b.json', 1)).status, 200);
    assert.equal((await call('PUT', '/users.json', 1)).status, 200);
    assert.equal((await call('GET', '/chats/a.json')).status, 200);
  });

  it('a fault can have a body, and can apply to the token endpoint', async () => {
    await inject([{ path: '/token', status: 401, body: { error: 'invalid_grant' } }]);
    const response = await call('POST', '/token');
    assert.deepEqual([response.status, await response.json()], [401, { error: 'invalid_grant' }]);
  });

  it('a status can be returned although the write is applied', async () => {
    await inject([{ status: 500, applied: true, count: 1, method: 'PUT' }]);
    assert.equal((await call('PUT', '/a.json', 1)).status, 500);
    assert.equal(await data('/a'), 1);
  });

  it('a connection can close before the write', async () => {
    await inject([{ reset: 'before', method: 'PUT', count: 1 }]);
    await assert.rejects(call('PUT', '/a.json', 1));
    assert.equal(await data('/a'), null);
  });

  it('a connection can close after the write, during the response', async () => {
    await inject([{ reset: 'after', method: 'PUT', count: 2 }]);
    const cut = async (path) => (await call('PUT', path, { text: 'long enough' })).json();
    await assert.rejects(cut('/a.json'));
    await assert.rejects(cut('/b.json?print=silent'));
    assert.deepEqual(await data('/'), { a: { text: 'long enough' }, b: { text: 'long enough' } });
  });

  it('a delay before the write lets a later write overtake it', async () => {
    await inject([{ delayMs: 200, method: 'PUT', count: 1 }]);
    const slow = call('PUT', '/a.json', 'first');
    while (!(await (await call('GET', '/.faults')).json()).injected);
    await call('PUT', '/a.json', 'second');
    await slow;
    assert.equal(await data('/a'), 'first');
  });

  it('a delay of the response does not', async () => {
    await inject([{ answerDelayMs: 200, method: 'PUT', count: 1 }]);
    const from = performance.now();
    const slow = call('PUT', '/a.json', 'first');
    while (!(await (await call('GET', '/.faults')).json()).injected);
    await call('PUT', '/a.json', 'second');
    await slow;
    assert.ok(performance.now() - from >= 190);
    assert.equal(await data('/a'), 'second');
  });

  it('random faults depend on the seed, so that a run can be repeated', async () => {
    const run = async (seed) => {
      await inject({ seed, faults: [{ status: 500, probability: 0.5, method: 'PUT' }] });
      const statuses = [];
      for (let i = 0; i < 24; i++) statuses.push((await call('PUT', '/a.json', i)).status);
      return statuses.join();
    };
    const first = await run(7);
    assert.equal(await run(7), first);
    assert.notEqual(await run(8), first);
    assert.match(first, /500/);
    assert.match(first, /200/);
  });

  it('reports the injected faults', async () => {
    await inject([
      { path: '/a', status: 500 },
      { path: '/b', status: 429 },
    ]);
    for (const path of ['/a.json', '/a.json', '/c.json']) await call('PUT', path, 1);
    assert.deepEqual(await (await call('GET', '/.faults')).json(), {
      injected: 2,
      faults: [
        { path: '/a', status: 500, injected: 2 },
        { path: '/b', status: 429, injected: 0 },
      ],
    });
  });

  it('rejects an invalid list of faults', async () => {
    for (const plan of [{}, null, [{ paht: '/a' }], [{ status: '500' }], [{ reset: 'now' }], [null]]) {
      assert.equal((await inject(plan)).status, 400, JSON.stringify(plan));
    }
  });
});

describe('the journal of requests', () => {
  it('has every write and no reads', async () => {
    await inject([{ path: '/b', reset: 'before', count: 1 }]);
    await call('PUT', '/a.json', 12345);
    await call('GET', '/a.json');
    await call('PATCH', '/a.json?print=silent', { x: 1 });
    await call('PUT', '/b.json', 1).catch(() => {});
    await call('PUT', '/c.json', { 'd.e': 1 });
    const seen = (await requests()).map(({ time, ...entry }) => entry);
    assert.deepEqual(seen, [
      { method: 'PUT', path: '/a', status: 200, bytes: 5 },
      { method: 'PATCH', path: '/a', status: 204, bytes: 7 },
      { method: 'PUT', path: '/b', status: null, bytes: 1, fault: 'reset-before' },
      { method: 'PUT', path: '/c', status: 400, bytes: 9 },
    ]);
    await call('DELETE', '/.requests');
    assert.deepEqual(await requests(), []);
  });
});

describe('the fence', () => {
  const fenced = {
    rules: {
      revision: { '.write': "auth.uid == 'chat-backend'", '.validate': '!data.exists() || newData.val() > data.val()' },
    },
  };
  const mirror = (url, revision) =>
    fetch(`${url}/revision.json?auth_variable_override=${encodeURIComponent('{"uid":"chat-backend"}')}`, {
      method: 'PUT',
      body: String(revision),
      headers: { Authorization: 'Bearer owner' },
    });

  it('rejects a stale write only while it is on', async (context) => {
    const { url, close } = await startStandIn({ rules: fenced });
    context.after(close);
    const setFence = (up) => fetch(`${url}/.settings/fence`, { method: 'PUT', body: String(up) });
    assert.equal((await mirror(url, 5)).status, 200);
    assert.equal((await mirror(url, 4)).status, 401);
    await setFence(false);
    assert.equal((await mirror(url, 4)).status, 200);
    await setFence(true);
    assert.equal((await mirror(url, 4)).status, 401);
    assert.equal((await setFence('"half"')).status, 400);
  });
});

describe('pages from any origin', () => {
  it('may send requests', async () => {
    const headers = {
      Origin: 'http://localhost:5173',
      'Access-Control-Request-Headers': 'authorization,x-client-version',
    };
    const preflight = await fetch(`${standIn.url}/identitytoolkit.googleapis.com/v1/accounts:lookup`, {
      method: 'OPTIONS',
      headers,
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-origin'), 'http://localhost:5173');
    assert.equal(preflight.headers.get('access-control-allow-headers'), 'authorization,x-client-version');
    const denied = await fetch(`${standIn.url}/token`, { method: 'POST', headers });
    assert.equal(denied.headers.get('access-control-allow-origin'), 'http://localhost:5173');
  });
});

describe('unknown paths and methods', () => {
  it('a path without .json is 404, an unknown method 405', async () => {
    assert.equal((await call('GET', '/chats')).status, 404);
    const response = await call('HEAD', '/chats.json');
    assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, PUT, PATCH, POST, DELETE']);
  });

  it('X-HTTP-Method-Override turns a POST into a PATCH', async () => {
    await fetch(`${standIn.url}/a.json`, {
      method: 'POST',
      headers: { 'X-HTTP-Method-Override': 'PATCH' },
      body: '{"x":1}',
    });
    assert.deepEqual(await data('/a'), { x: 1 });
  });
});
