import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { peer } from './testing/peer.mjs';
import { suiteRules } from './testing/suite-rules.mjs';

const database = await peer();
before(async () => {
  await database.useRules(suiteRules);
});
beforeEach(() =>
  database.reset({ open: { a: 1, list: { x: { rank: 1 }, y: { rank: 2 } } }, club: 'news', members: { ana: true } }),
);

/** Streams `path`; `next()` returns the next event as `[event, data]`. */
async function stream(context, path, options = {}) {
  const abort = new AbortController();
  context.after(() => abort.abort());
  const response = await database.rest('GET', path, {
    ...options,
    headers: { Accept: 'text/event-stream' },
    signal: abort.signal,
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = '';
  const next = async () => {
    while (!buffered.includes('\n\n')) buffered += (await reader.read()).value;
    const end = buffered.indexOf('\n\n');
    const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(buffered.slice(0, end));
    buffered = buffered.slice(end + 2);
    return event === 'keep-alive' ? next() : [event, JSON.parse(data)];
  };
  return { response, next };
}

describe('streaming over REST', () => {
  it('sends all data first, then every change below and above', async (context) => {
    const { next, response } = await stream(context, '/open.json');
    assert.match(response.headers.get('content-type'), /^text\/event-stream/);
    assert.equal((await next())[1].data.a, 1);
    await database.json('PUT', '/open/b.json', { body: { c: 1 } });
    assert.deepEqual(await next(), ['put', { path: '/b', data: { c: 1 } }]);
    await database.json('PATCH', '/open/b.json', { body: { d: 2, c: null } });
    assert.deepEqual(await next(), ['patch', { path: '/b', data: { d: 2, c: null } }]);
    await database.json('PUT', '/open.json', { body: 'end' });
    assert.deepEqual(await next(), ['put', { path: '/', data: 'end' }]);
  });

  it('a query reports added and removed children', async (context) => {
    const { next } = await stream(context, '/open/list.json', { params: { orderBy: '"rank"', limitToLast: '2' } });
    assert.deepEqual(await next(), ['put', { path: '/', data: { x: { rank: 1 }, y: { rank: 2 } } }]);
    await database.json('PUT', '/open/list/z.json', { body: { rank: 3 } });
    const seen = { x: 1 };
    // In one event or in two, in either order.
    while (!('z' in seen) || seen.x !== null) {
      const [event, { path, data }] = await next();
      if (event === 'patch') Object.assign(seen, data);
      else seen[path.slice(1)] = data;
    }
    assert.deepEqual(seen.z, { rank: 3 });
  });

  it('rejects a caller who may not read', async (context) => {
    const { response } = await stream(context, '/club.json', { as: { uid: 'bob' } });
    assert.equal(response.status, 401);
  });

  it('is cancelled when the caller may no longer read', async (context) => {
    const { next } = await stream(context, '/club.json', { as: { uid: 'ana' } });
    assert.deepEqual(await next(), ['put', { path: '/', data: 'news' }]);
    await database.json('DELETE', '/members/ana.json');
    assert.deepEqual(await next(), ['cancel', null]);
  });
});
