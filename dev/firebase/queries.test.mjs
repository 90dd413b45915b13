import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { peer } from './testing/peer.mjs';
import { suiteRules } from './testing/suite-rules.mjs';

const list = {
  a: { rank: 3, name: { last: 'Koné' } },
  b: { rank: 1, name: { last: 'Diallo' } },
  c: { rank: 2 },
  d: { rank: 'text' },
  e: { rank: true },
  f: { name: { last: 'Traoré' } },
  g: { rank: { x: 1 } },
};
const numbered = { 1: 'one', 2: 'two', 10: 'ten', x: 'ex' };
const scores = { ana: 5, bob: 3, cid: 9, dan: 3 };

const database = await peer();
before(async () => {
  await database.useRules(suiteRules);
  await database.reset({ open: { list, numbered, scores } });
});

const keys = async (path, params) => Object.keys((await database.json('GET', path, { params }))[1] ?? {}).join('');

describe('REST queries', () => {
  const cases = [
    [{ orderBy: '"rank"' }, 'abcdefg'],
    [{ orderBy: '"rank"', startAt: '2' }, 'acdg'],
    [{ orderBy: '"rank"', startAfter: '2' }, 'adg'],
    [{ orderBy: '"rank"', endAt: '2' }, 'bcef'],
    [{ orderBy: '"rank"', endBefore: '2' }, 'bef'],
    [{ orderBy: '"rank"', startAt: '1', endAt: '2' }, 'bc'],
    [{ orderBy: '"rank"', equalTo: '2' }, 'c'],
    [{ orderBy: '"rank"', equalTo: '"text"' }, 'd'],
    [{ orderBy: '"rank"', equalTo: 'true' }, 'e'],
    [{ orderBy: '"rank"', equalTo: 'null' }, 'f'],
    // null, false, true, numbers, strings, objects
    [{ orderBy: '"rank"', limitToFirst: '3' }, 'bef'],
    [{ orderBy: '"rank"', limitToLast: '3' }, 'adg'],
    [{ orderBy: '"rank"', startAt: '1', limitToFirst: '2' }, 'bc'],
    [{ orderBy: '"name/last"', startAt: '"E"' }, 'af'],
    [{ orderBy: '"$key"', startAt: '"e"' }, 'efg'],
    [{ orderBy: '"$key"', startAfter: '"e"' }, 'fg'],
    [{ orderBy: '"$key"', endBefore: '"c"' }, 'ab'],
    [{ orderBy: '"$key"', equalTo: '"b"' }, 'b'],
    [{ orderBy: '"$key"', limitToLast: '2' }, 'fg'],
    [{ orderBy: '"$priority"', limitToFirst: '2' }, 'ab'],
  ];
  for (const [params, expected] of cases) {
    it(`${new URLSearchParams(params)} → ${expected}`, async () => {
      assert.equal([...(await keys('/open/list.json', params))].sort().join(''), expected);
    });
  }

  it('by value', async () => {
    assert.deepEqual(
      await database.json('GET', '/open/scores.json', { params: { orderBy: '"$value"', limitToFirst: '2' } }),
      [200, { bob: 3, dan: 3 }],
    );
    assert.deepEqual(
      await database.json('GET', '/open/scores.json', { params: { orderBy: '"$value"', startAt: '5' } }),
      [200, { ana: 5, cid: 9 }],
    );
  });

  it('integer keys come first, in numeric order', async () => {
    assert.deepEqual(
      await database.json('GET', '/open/numbered.json', { params: { orderBy: '"$key"', limitToLast: '2' } }),
      [200, { 10: 'ten', x: 'ex' }],
    );
  });

  const bad = [
    ['without orderBy', { startAt: '1' }],
    ['orderBy that is no JSON', { orderBy: 'rank' }],
    ['a limit that is no number', { orderBy: '"rank"', limitToFirst: 'x' }],
    ['both limits', { orderBy: '"rank"', limitToFirst: '1', limitToLast: '1' }],
    ['a bound that is an object', { orderBy: '"rank"', startAt: '{}' }],
    ['an order that no index serves', { orderBy: '"colour"' }],
    ['shallow', { orderBy: '"rank"', limitToFirst: '1', shallow: 'true' }],
  ];
  for (const [what, params] of bad) {
    it(`is rejected: ${what}`, async () => {
      const [status, answer] = await database.json('GET', '/open/list.json', { params });
      assert.deepEqual([status, typeof answer.error], [400, 'string']);
    });
  }
});
