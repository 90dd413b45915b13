import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { peer } from './testing/peer.mjs';
import { suiteRules } from './testing/suite-rules.mjs';

const database = await peer();
before(async () => {
  await database.useRules(suiteRules);
});
beforeEach(() => database.reset());

describe('reading and writing', () => {
  it('PUT writes and returns the data, GET reads it', async () => {
    const value = { a: 1, b: { c: 'text', d: true } };
    assert.deepEqual(await database.json('PUT', '/open/x.json', { body: value }), [200, value]);
    assert.deepEqual(await database.json('GET', '/open/x.json'), [200, value]);
    assert.deepEqual(await database.json('GET', '/open/x/b/c.json'), [200, 'text']);
  });

  it('missing data is null', async () => {
    assert.deepEqual(await database.json('GET', '/open/none.json'), [200, null]);
  });

  it('nulls and empty objects are not stored', async () => {
    await database.json('PUT', '/open.json', { body: { a: null, b: {}, c: { d: null }, e: 0, f: '', g: false } });
    assert.deepEqual(await database.data('/open'), { e: 0, f: '', g: false });
  });

  it('DELETE also removes parents that become empty', async () => {
    await database.json('PUT', '/open/a/b/c.json', { body: 1 });
    assert.deepEqual(await database.json('DELETE', '/open/a/b/c.json'), [200, null]);
    assert.equal(await database.data(), null);
  });

  it('POST creates keys that sort by time', async () => {
    const names = [];
    for (let i = 0; i < 3; i++) names.push((await database.json('POST', '/open/list.json', { body: i }))[1].name);
    assert.match(names[0], /^-[-\w]{19}$/);
    assert.deepEqual(Object.values(await database.data('/open/list')), [0, 1, 2]);
  });

  it('PATCH changes the named children, and null deletes one', async () => {
    await database.json('PUT', '/open.json', { body: { a: 1, b: 2, c: { d: 1, e: 1 } } });
    const [status] = await database.json('PATCH', '/open.json', { body: { a: null, b: 3, c: { d: 2 } } });
    assert.equal(status, 200);
    assert.deepEqual(await database.data('/open'), { b: 3, c: { d: 2 } });
  });

  it('PATCH writes several paths atomically', async () => {
    await database.json('PUT', '/open.json', { body: { a: { x: 1, y: 1 }, b: { z: 1 } } });
    await database.json('PATCH', '/open.json', { body: { 'a/x': 2, 'b/z': null, 'c/d/e': 3 } });
    assert.deepEqual(await database.data('/open'), { a: { x: 2, y: 1 }, c: { d: { e: 3 } } });
  });

  it('children replace a value, and a value replaces children', async () => {
    await database.json('PUT', '/open/a.json', { body: 1 });
    await database.json('PUT', '/open/a/b.json', { body: 2 });
    assert.deepEqual(await database.data('/open'), { a: { b: 2 } });
    await database.json('PUT', '/open/a.json', { body: 1 });
    assert.deepEqual(await database.data('/open'), { a: 1 });
  });

  it('keys with spaces, accents, dollars in text, names of JavaScript', async () => {
    const value = { 'a b': 1, clé: 2, constructor: 3, toString: { x: 4 }, '100%': 5 };
    const raw = JSON.stringify(value).replace('{', '{"__proto__":6,');
    await database.json('PUT', '/open/keys.json', { raw });
    assert.equal(await (await database.rest('GET', '/open/keys/__proto__.json')).text(), '6');
    assert.deepEqual(await database.json('GET', '/open/keys/cl%C3%A9.json'), [200, 2]);
    assert.deepEqual(await database.json('GET', '/open/keys/100%25.json'), [200, 5]);
    assert.deepEqual(await database.json('GET', '/open/keys/toString/x.json'), [200, 4]);
    assert.deepEqual(await database.json('GET', '/open/keys/hasOwnProperty.json'), [200, null]);
  });

  it('arrays are written and read as arrays', async () => {
    await database.json('PUT', '/open.json', {
      body: { full: ['a', 'b'], holes: ['a', null, 'c'], sparse: { 0: 'a', 9: 'b' } },
    });
    assert.deepEqual(await database.data('/open'), {
      full: ['a', 'b'],
      holes: ['a', null, 'c'],
      sparse: { 0: 'a', 9: 'b' },
    });
  });

  it('namespaces are independent', async () => {
    await database.json('PUT', '/open/a.json', { body: 1 });
    assert.deepEqual(await database.json('GET', '/open/a.json', { params: { ns: `${database.namespace}-b` } }), [
      200,
      null,
    ]);
  });
});

describe('server values', () => {
  it('a timestamp is the time of the write', async () => {
    const from = Date.now();
    await database.json('PUT', '/open/at.json', { body: { '.sv': 'timestamp' } });
    const at = await database.data('/open/at');
    assert.ok(at >= from - 1000 && at <= Date.now() + 1000, `${at}`);
  });

  it('increments add to the stored number, also in a PATCH', async () => {
    await database.json('PATCH', '/open.json', { body: { 'n/a': { '.sv': { increment: 5 } } } });
    await database.json('PATCH', '/open.json', { body: { 'n/a': { '.sv': { increment: -2 } }, 'n/b': 1 } });
    assert.deepEqual(await database.data('/open/n'), { a: 3, b: 1 });
  });
});

describe('parameters', () => {
  it('print=silent returns 204 without a body', async () => {
    for (const method of ['PUT', 'PATCH', 'POST', 'DELETE']) {
      const response = await database.rest(method, '/open/a.json', { body: { x: 1 }, params: { print: 'silent' } });
      assert.deepEqual([response.status, await response.text()], [204, '']);
    }
  });

  it('print=pretty indents', async () => {
    await database.json('PUT', '/open/a.json', { body: { x: 1 } });
    const text = await (await database.rest('GET', '/open/a.json', { params: { print: 'pretty' } })).text();
    assert.match(text, /^\{\n +"x" ?: 1\n\}\s*$/);
  });

  it('shallow returns only the keys', async () => {
    await database.json('PUT', '/open.json', { body: { a: { x: 1 }, b: 2 } });
    assert.deepEqual(await database.json('GET', '/open.json', { params: { shallow: 'true' } }), [
      200,
      { a: true, b: true },
    ]);
    assert.deepEqual(await database.json('GET', '/open/b.json', { params: { shallow: 'true' } }), [200, 2]);
  });

  it('format=export includes priorities', async () => {
    await database.json('PUT', '/open/a.json', { body: { '.value': 1, '.priority': 2 } });
    assert.deepEqual(await database.json('GET', '/open/a.json'), [200, 1]);
    assert.deepEqual(await database.json('GET', '/open/a.json', { params: { format: 'export' } }), [
      200,
      { '.value': 1, '.priority': 2 },
    ]);
  });
});

describe('ETags', () => {
  const etagOf = async (path) =>
    (await database.rest('GET', path, { headers: { 'X-Firebase-ETag': 'true' } })).headers.get('etag');

  it('if-match allows a PUT only if the data is unchanged', async () => {
    await database.json('PUT', '/open/n.json', { body: 1 });
    const etag = await etagOf('/open/n.json');
    const first = await database.rest('PUT', '/open/n.json', { body: 2, headers: { 'if-match': etag } });
    assert.equal(first.status, 200);
    const second = await database.rest('PUT', '/open/n.json', { body: 3, headers: { 'if-match': etag } });
    assert.deepEqual([second.status, await second.json()], [412, 2]);
    assert.equal(second.headers.get('etag'), await etagOf('/open/n.json'));
    assert.equal(await database.data('/open/n'), 2);
    const third = await database.rest('PUT', '/open/none.json', { body: 3, headers: { 'if-match': etag } });
    assert.deepEqual([third.status, await third.json()], [412, null]);
  });

  it('if-match applies to DELETE too', async () => {
    await database.json('PUT', '/open/n.json', { body: 1 });
    const refused = await database.rest('DELETE', '/open/n.json', { headers: { 'if-match': 'something-else' } });
    assert.equal(refused.status, 412);
    const done = await database.rest('DELETE', '/open/n.json', {
      headers: { 'if-match': await etagOf('/open/n.json') },
    });
    assert.equal(done.status, 200);
  });

  it('missing data has the ETag null_etag', async () => {
    assert.equal(await etagOf('/open/none.json'), 'null_etag');
    const response = await database.rest('PUT', '/open/none.json', { body: 1, headers: { 'if-match': 'null_etag' } });
    assert.equal(response.status, 200);
  });

  it('if-none-match returns no data that the client already has', async () => {
    const etag = await etagOf('/open/none.json');
    assert.equal((await database.rest('GET', '/open/none.json', { headers: { 'if-none-match': etag } })).status, 304);
    await database.json('PUT', '/open/none.json', { body: 1 });
    assert.equal((await database.rest('GET', '/open/none.json', { headers: { 'if-none-match': etag } })).status, 200);
  });

  it('PATCH does not support ETags', async () => {
    const response = await database.rest('PATCH', '/open.json', {
      body: { a: 1 },
      headers: { 'if-match': 'null_etag' },
    });
    assert.equal(response.status, 400);
  });
});

describe('bad requests return 400 and change nothing', () => {
  const deep = (levels) => JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels));
  const bad = [
    ['a key with a dot', 'PUT', '/open/x.json', { 'a.b': 1 }],
    ['a key with a dollar', 'PUT', '/open/x.json', { $a: 1 }],
    ['a key with a bracket', 'PUT', '/open/x.json', { 'a[0]': 1 }],
    ['a key with a hash', 'PUT', '/open/x.json', { 'a#b': 1 }],
    ['a key with a slash in a PUT', 'PUT', '/open/x.json', { 'a/b': 1 }],
    ['an empty key', 'PUT', '/open/x.json', { '': 1 }],
    ['a key with a control character', 'PUT', '/open/x.json', { 'a\u0001b': 1 }],
    ['a key of 769 bytes', 'PUT', '/open/x.json', { ['é'.repeat(384) + 'a']: 1 }],
    ['33 levels', 'PUT', '/open.json', deep(32)],
    ['33 levels by PATCH', 'PATCH', '/open.json', { x: deep(31) }],
    ['a PATCH that is a list', 'PATCH', '/open.json', [1]],
    ['a PATCH that is a value', 'PATCH', '/open.json', 1],
    ['a PATCH of a place and of what is in it', 'PATCH', '/open.json', { 'a/b': 1, a: { c: 1 } }],
    ['an unknown server value', 'PUT', '/open/x.json', { '.sv': 'moon' }],
    ['a path with a dollar', 'PUT', '/open/$x.json', 1],
  ];
  for (const [what, raw] of [
    ['no JSON', '{"a":'],
    ['half a number', '1e'],
    ['no body', ''],
  ]) {
    it(what, async () => {
      assert.equal((await database.rest('PUT', '/open/x.json', { raw })).status, 400);
      assert.equal(await database.data(), null);
    });
  }

  for (const [what, method, path, body] of bad) {
    it(what, async () => {
      const [status, answer] = await database.json(method, path, { body });
      assert.deepEqual([status, typeof answer.error], [400, 'string']);
      assert.equal(await database.data(), null);
    });
  }

  it('a key of 768 bytes and 32 levels are valid', async () => {
    const [status] = await database.json('PUT', '/open/x.json', { body: { ['é'.repeat(384)]: 1 } });
    assert.equal(status, 200);
    assert.equal((await database.json('PUT', '/open.json', { body: deep(31) }))[0], 200);
  });

  it('a string of more than 10 MB', async () => {
    const [status] = await database.json('PUT', '/open/x.json', { body: 'x'.repeat(10 * 2 ** 20 + 1) });
    assert.equal(status, 400);
  });
});

describe('permissions', () => {
  it('a request that no rule allows returns 401 Permission denied', async () => {
    const denied = [401, { error: 'Permission denied' }];
    assert.deepEqual(await database.json('GET', '/secret.json', { as: null }), denied);
    assert.deepEqual(await database.json('PUT', '/secret.json', { as: null, body: 1 }), denied);
    assert.deepEqual(await database.json('PUT', '/mine/a.json', { as: { uid: 'b' }, body: 1 }), denied);
    assert.equal(await database.data(), null);
  });

  it('auth_variable_override subjects an admin to the rules', async () => {
    assert.equal((await database.rest('PUT', '/mine/a.json', { as: { uid: 'a' }, body: 1 })).status, 200);
    assert.equal((await database.rest('PUT', '/secret.json', { as: { uid: 'a' }, body: 1 })).status, 401);
    assert.equal((await database.rest('PUT', '/secret.json', { body: 1 })).status, 200);
  });

  it('a PATCH with one forbidden path writes nothing', async () => {
    const [status] = await database.json('PATCH', '/.json', { as: { uid: 'a' }, body: { 'mine/a': 1, 'mine/b': 1 } });
    assert.equal(status, 401);
    assert.equal(await database.data(), null);
  });

  it('.validate rejects a smaller number', async () => {
    assert.equal((await database.rest('PUT', '/counter.json', { as: null, body: 2 })).status, 200);
    assert.equal((await database.rest('PUT', '/counter.json', { as: null, body: 2 })).status, 401);
    assert.equal((await database.rest('PUT', '/counter.json', { as: null, body: 3 })).status, 200);
    assert.equal((await database.rest('DELETE', '/counter.json', { as: null })).status, 200);
  });

  it('rules can read the time', async () => {
    const at = (value) => database.rest('PUT', `/diary/d${Math.abs(value)}.json`, { as: null, body: { at: value } });
    assert.equal((await at(Date.now() + 3_600_000)).status, 401);
    assert.equal((await at(Date.now() - 1000)).status, 200);
  });

  it('rules can read the query', async () => {
    await database.json('PUT', '/queried.json', { body: { x: { owner: 'a' }, y: { owner: 'b' } } });
    const query = (owner) => ({ as: { uid: 'a' }, params: { orderBy: '"owner"', equalTo: JSON.stringify(owner) } });
    assert.deepEqual(await database.json('GET', '/queried.json', query('a')), [200, { x: { owner: 'a' } }]);
    assert.equal((await database.rest('GET', '/queried.json', query('b'))).status, 401);
    assert.equal((await database.rest('GET', '/queried.json', { as: { uid: 'a' } })).status, 401);
  });

  it('a condition does not reveal data that may not be read', async () => {
    await database.json('PUT', '/mine/a.json', { body: 'secret' });
    const response = await database.rest('PUT', '/mine/a.json', {
      as: { uid: 'b' },
      body: 1,
      headers: { 'if-match': 'x' },
    });
    assert.equal(response.status, 401);
  });
});
