import assert from 'node:assert/strict';
import {
  endBefore,
  equalTo,
  get,
  increment,
  limitToFirst,
  limitToLast,
  onChildChanged,
  onChildRemoved,
  orderByChild,
  orderByKey,
  orderByPriority,
  orderByValue,
  query,
  ref,
  runTransaction,
  serverTimestamp,
  set,
  setWithPriority,
  startAfter,
  startAt,
} from 'firebase/database';
import { before, beforeEach, describe, it } from 'node:test';
import { eventually } from './testing/eventually.mjs';
import { phone, record } from './testing/js-client.mjs';
import { peer } from './testing/peer.mjs';
import { suiteRules } from './testing/suite-rules.mjs';

const database = await peer();
before(() => database.useRules(suiteRules));
beforeEach(() => database.reset());

describe('queries', () => {
  const messages = (numbers) =>
    Object.fromEntries(numbers.map((n) => [`m${n}`, { timestamp: `2025-01-15T14:30:0${n}Z`, rank: 10 - n }]));

  it('children arrive in the requested order', async () => {
    await database.reset({ open: { list: messages([3, 1, 2]) } });
    const db = phone(database, 'a');
    const byTime = record(query(ref(db, 'open/list'), orderByChild('timestamp')));
    const byRank = record(query(ref(db, 'open/list'), orderByChild('rank')));
    await eventually(() => byTime, ['m1', 'm2', 'm3']);
    await eventually(() => byRank, ['m3', 'm2', 'm1']);
    await database.json('PUT', '/open/list/m4.json', { body: messages([4]).m4 });
    await eventually(() => byTime, ['m1', 'm2', 'm3', 'm4']);
  });

  it('a limited query adds the new child and removes the oldest', async () => {
    await database.reset({ open: { list: messages([1, 2, 3]) } });
    const last = query(ref(phone(database, 'a'), 'open/list'), orderByChild('timestamp'), limitToLast(2));
    const added = record(last);
    const removed = record(last, { changes: onChildRemoved });
    await eventually(() => added, ['m2', 'm3']);
    await database.json('PATCH', '/open/list.json', { body: { ...messages([4]), m1: null } });
    await eventually(() => [added, removed], [['m2', 'm3', 'm4'], ['m2']]);
    await database.json('DELETE', '/open/list/m4.json');
    await eventually(
      () => [added, removed],
      [
        ['m2', 'm3', 'm4', 'm2'],
        ['m2', 'm4'],
      ],
    );
  });

  it('a change of a selected child is a child_changed event', async () => {
    await database.reset({ open: { list: messages([1, 2]) } });
    const last = query(ref(phone(database, 'a'), 'open/list'), orderByChild('timestamp'), limitToLast(1));
    const changed = record(last, { changes: onChildChanged });
    await eventually(async () => (await get(last)).size, 1);
    await database.json('PUT', '/open/list/m1/is_read.json', { body: true });
    await database.json('PUT', '/open/list/m2/is_read.json', { body: true });
    await eventually(() => changed, ['m2']);
  });

  it('two queries and a plain listener at one path are independent', async () => {
    await database.reset({ open: { list: messages([1, 2, 3]) } });
    const list = ref(phone(database, 'a'), 'open/list');
    const first = record(query(list, orderByChild('timestamp'), limitToFirst(1)));
    const last = record(query(list, orderByChild('timestamp'), limitToLast(1)));
    await eventually(() => [first, last], [['m1'], ['m3']]);
    const all = record(list);
    await eventually(() => all, ['m1', 'm2', 'm3']);
    await database.json('PUT', '/open/list/m0.json', { body: messages([0]).m0 });
    await eventually(() => first, ['m1', 'm0']);
    assert.deepEqual(last, ['m3']);
  });

  it('bounds, by child, key, value and priority', async () => {
    await database.reset({ open: { list: messages([1, 2, 3, 4]), scores: { ana: 5, bob: 3, cid: 9 } } });
    const db = phone(database, 'a');
    const keysOf = async (...constraints) => Object.keys((await get(query(...constraints))).val() ?? {}).join();
    const list = ref(db, 'open/list');
    assert.equal(await keysOf(list, orderByChild('rank'), startAt(8)), 'm1,m2');
    assert.equal(await keysOf(list, orderByChild('rank'), startAfter(8)), 'm1');
    assert.equal(await keysOf(list, orderByChild('rank'), endBefore(8)), 'm3,m4');
    assert.equal(await keysOf(list, orderByChild('rank'), equalTo(8)), 'm2');
    assert.equal(await keysOf(list, orderByChild('rank'), startAt(7, 'm9')), 'm1,m2');
    assert.equal(await keysOf(list, orderByKey(), startAfter('m2'), limitToFirst(1)), 'm3');
    assert.equal(await keysOf(ref(db, 'open/scores'), orderByValue(), limitToLast(2)), 'ana,cid');
    await setWithPriority(ref(db, 'open/prio/x'), 'x', 2);
    await setWithPriority(ref(db, 'open/prio/y'), 'y', 1);
    assert.equal(await keysOf(ref(db, 'open/prio'), orderByPriority(), limitToFirst(1)), 'y');
    assert.equal((await get(ref(db, 'open/prio/x'))).priority, 2);
  });
});

describe('server values and transactions', () => {
  it('the server fills in a timestamp', async () => {
    const db = phone(database, 'a');
    await set(ref(db, 'open/at'), serverTimestamp());
    assert.equal(typeof (await database.data('/open/at')), 'number');
    assert.equal((await get(ref(db, 'open/at'))).val(), await database.data('/open/at'));
  });

  it('concurrent increments of two phones add up', async () => {
    const phones = [phone(database, 'a'), phone(database, 'b')];
    await Promise.all(phones.flatMap((db) => Array.from({ length: 10 }, () => set(ref(db, 'open/n'), increment(1)))));
    assert.equal(await database.data('/open/n'), 20);
  });

  it('concurrent transactions of two phones lose no write', async () => {
    const phones = [phone(database, 'a'), phone(database, 'b')];
    const add = (db) =>
      runTransaction(ref(db, 'open/deep/counter'), (state) => ({ n: (state?.n ?? 0) + 1, é: [1.5, true, 'x'] }));
    const results = await Promise.all(phones.flatMap((db) => Array.from({ length: 5 }, () => add(db))));
    assert.ok(results.every(({ committed }) => committed));
    assert.deepEqual(await database.data('/open/deep/counter'), { n: 10, é: [1.5, true, 'x'] });
  });

  it('a transaction on data with priorities is committed', async () => {
    const db = phone(database, 'a');
    await setWithPriority(ref(db, 'open/t/a'), 1, 'high');
    await setWithPriority(ref(db, 'open/t/b'), 'two', 7);
    const { committed } = await runTransaction(ref(db, 'open/t'), (state) => ({ ...state, c: 3 }));
    assert.ok(committed);
  });
});
