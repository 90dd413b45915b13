import assert from 'node:assert/strict';
import {
  child, endBefore, equalTo, get, goOffline, goOnline, increment, limitToFirst, limitToLast, off, onChildAdded,
  onChildChanged, onChildRemoved, onDisconnect, onValue, orderByChild, orderByKey, orderByPriority, orderByValue,
  push, query, ref, remove, runTransaction, serverTimestamp, set, setWithPriority, startAfter, startAt, update,
} from 'firebase/database';
import { before, beforeEach, describe, it } from 'node:test';
import { eventually } from './testing/eventually.mjs';
import { phone } from './testing/js-client.mjs';
import { peer } from './testing/peer.mjs';
import { suiteRules } from './testing/suite-rules.mjs';

const database = await peer();
before(() => database.useRules(suiteRules));
beforeEach(() => database.reset());

/** Everything that is heard at a place, in order. */
function record(target, { changes = onChildAdded } = {}) {
  const heard = [];
  changes(target, (snapshot) => heard.push(snapshot.key), (error) => heard.push(error.message));
  return heard;
}

/** The last value heard at a place, or how listening ended. */
function watch(target) {
  const seen = { values: [], error: undefined };
  onValue(target, (snapshot) => seen.values.push(snapshot.val()), (error) => (seen.error = error.message));
  return seen;
}

const rejectsAsDenied = (promise) => assert.rejects(promise, /permission.denied/i);

describe('what one phone writes, another sees', () => {
  it('set, update, remove', async () => {
    const [ours, theirs] = [phone(database, 'a'), phone(database, 'b')];
    const seen = watch(ref(theirs, 'open/x'));
    await set(ref(ours, 'open/x'), { a: 1, b: { c: 2 } });
    await eventually(() => seen.values.at(-1), { a: 1, b: { c: 2 } });
    await update(ref(ours, 'open/x'), { a: null, 'b/d': 3 });
    await eventually(() => seen.values.at(-1), { b: { c: 2, d: 3 } });
    await remove(ref(ours, 'open/x'));
    await eventually(() => seen.values.at(-1), null);
  });

  it('a multi-path update is seen at once', async () => {
    const [ours, theirs] = [phone(database, 'a'), phone(database, 'b')];
    await set(ref(ours, 'open/room'), { metadata: { revision: 1 }, messages: { m1: 1 } });
    const seen = watch(ref(theirs, 'open/room'));
    await eventually(() => seen.values.length, 1);
    await update(ref(ours, 'open/room'), { 'metadata/revision': 2, 'messages/m2': 2, 'messages/m1': null });
    await eventually(() => seen.values.slice(1), [{ metadata: { revision: 2 }, messages: { m2: 2 } }]);
  });

  it('a write at the backend reaches the phones too', async () => {
    const seen = watch(ref(phone(database, 'a'), 'open/x'));
    await eventually(() => seen.values, [null]);
    await database.json('PATCH', '/open.json', { body: { 'x/y': 'é😀' } });
    await eventually(() => seen.values.at(-1), { y: 'é😀' });
  });

  it('a write above a listener, and one far below', async () => {
    const db = phone(database, 'a');
    const seen = watch(ref(db, 'open/a/b'));
    await eventually(() => seen.values, [null]);
    await database.json('PUT', '/open/a.json', { body: { b: { c: { d: 1 } } } });
    await eventually(() => seen.values.at(-1), { c: { d: 1 } });
    await database.json('PUT', '/open/a/b/c/d.json', { body: 2 });
    await eventually(() => seen.values.at(-1), { c: { d: 2 } });
    await database.json('DELETE', '/.json');
    await eventually(() => seen.values.at(-1), null);
  });

  it('push makes keys in order', async () => {
    const db = phone(database, 'a');
    const names = [];
    for (const value of [1, 2, 3]) names.push((await push(ref(db, 'open/list'), value)).key);
    assert.deepEqual(Object.keys(await database.data('/open/list')), names);
  });

  it('a listener that was taken off hears nothing more', async () => {
    const db = phone(database, 'a');
    const seen = watch(ref(db, 'open/x'));
    await eventually(() => seen.values, [null]);
    off(ref(db, 'open/x'));
    await set(ref(phone(database, 'b'), 'open/x'), 1);
    assert.equal((await get(ref(db, 'open/x'))).val(), 1);
    assert.deepEqual(seen.values, [null]);
  });

  it('messages of a megabyte, both ways, with no character broken', async () => {
    const text = '😀é'.repeat(200_000);
    const [ours, theirs] = [phone(database, 'a'), phone(database, 'b')];
    const seen = watch(ref(theirs, 'open/long'));
    // The SDK itself cuts its frames between any two UTF-16 units, so it is sent no pairs.
    await set(ref(ours, 'open/long'), text.replaceAll('😀', 'ç'));
    await eventually(() => seen.values.at(-1) === text.replaceAll('😀', 'ç'), true);
    await database.json('PUT', '/open/long.json', { body: text });
    await eventually(() => seen.values.at(-1) === text, true);
  });
});

describe('queries', () => {
  const messages = (numbers) =>
    Object.fromEntries(numbers.map((n) => [`m${n}`, { timestamp: `2025-01-15T14:30:0${n}Z`, rank: 10 - n }]));

  it('children come in the order asked for', async () => {
    await database.reset({ open: { list: messages([3, 1, 2]) } });
    const db = phone(database, 'a');
    const byTime = record(query(ref(db, 'open/list'), orderByChild('timestamp')));
    const byRank = record(query(ref(db, 'open/list'), orderByChild('rank')));
    await eventually(() => byTime, ['m1', 'm2', 'm3']);
    await eventually(() => byRank, ['m3', 'm2', 'm1']);
    await database.json('PUT', '/open/list/m4.json', { body: messages([4]).m4 });
    await eventually(() => byTime, ['m1', 'm2', 'm3', 'm4']);
  });

  it('a window slides: the new one enters, the oldest leaves', async () => {
    await database.reset({ open: { list: messages([1, 2, 3]) } });
    const last = query(ref(phone(database, 'a'), 'open/list'), orderByChild('timestamp'), limitToLast(2));
    const added = record(last);
    const removed = record(last, { changes: onChildRemoved });
    await eventually(() => added, ['m2', 'm3']);
    await database.json('PATCH', '/open/list.json', { body: { ...messages([4]), m1: null } });
    await eventually(() => [added, removed], [['m2', 'm3', 'm4'], ['m2']]);
    await database.json('DELETE', '/open/list/m4.json');
    await eventually(() => [added, removed], [['m2', 'm3', 'm4', 'm2'], ['m2', 'm4']]);
  });

  it('a change inside the window is told as a change', async () => {
    await database.reset({ open: { list: messages([1, 2]) } });
    const last = query(ref(phone(database, 'a'), 'open/list'), orderByChild('timestamp'), limitToLast(1));
    const changed = record(last, { changes: onChildChanged });
    await eventually(async () => (await get(last)).size, 1);
    await database.json('PUT', '/open/list/m1/is_read.json', { body: true });
    await database.json('PUT', '/open/list/m2/is_read.json', { body: true });
    await eventually(() => changed, ['m2']);
  });

  it('two queries and a plain listener at one place do not mix', async () => {
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
  it('a timestamp is filled in by the server', async () => {
    const db = phone(database, 'a');
    await set(ref(db, 'open/at'), serverTimestamp());
    assert.equal(typeof (await database.data('/open/at')), 'number');
    assert.equal((await get(ref(db, 'open/at'))).val(), await database.data('/open/at'));
  });

  it('increments of two phones add up', async () => {
    const phones = [phone(database, 'a'), phone(database, 'b')];
    await Promise.all(phones.flatMap((db) => Array.from({ length: 10 }, () => set(ref(db, 'open/n'), increment(1)))));
    assert.equal(await database.data('/open/n'), 20);
  });

  it('transactions of two phones lose nothing', async () => {
    const phones = [phone(database, 'a'), phone(database, 'b')];
    const add = (db) => runTransaction(ref(db, 'open/deep/counter'), (state) => ({ n: (state?.n ?? 0) + 1, é: [1.5, true, 'x'] }));
    const results = await Promise.all(phones.flatMap((db) => Array.from({ length: 5 }, () => add(db))));
    assert.ok(results.every(({ committed }) => committed));
    assert.deepEqual(await database.data('/open/deep/counter'), { n: 10, é: [1.5, true, 'x'] });
  });

  it('a transaction on data with priorities knows what it saw', async () => {
    const db = phone(database, 'a');
    await setWithPriority(ref(db, 'open/t/a'), 1, 'high');
    await setWithPriority(ref(db, 'open/t/b'), 'two', 7);
    const { committed } = await runTransaction(ref(db, 'open/t'), (state) => ({ ...state, c: 3 }));
    assert.ok(committed);
  });
});

describe('rules', () => {
  it('a denied read is an error', async () => {
    const db = phone(database, 'a');
    await rejectsAsDenied(get(ref(db, 'mine/b')));
    const seen = watch(ref(db, 'mine/b'));
    await eventually(() => /permission_denied/.test(seen.error), true);
  });

  it('a denied write is an error, and is taken back', async () => {
    const db = phone(database, 'a');
    await set(ref(db, 'counter'), 5);
    const seen = watch(ref(db, 'counter'));
    await eventually(() => seen.values, [5]);
    await rejectsAsDenied(set(ref(db, 'counter'), 4));
    assert.deepEqual(seen.values, [5, 4, 5]);
    await rejectsAsDenied(update(ref(db), { 'mine/a': 1, 'mine/b': 1 }));
    assert.deepEqual(await database.data(), { counter: 5 });
  });

  it('each sees what is his', async () => {
    await set(ref(phone(database, 'a'), 'mine/a'), 'secret');
    assert.equal((await get(ref(phone(database, 'a'), 'mine/a'))).val(), 'secret');
    await rejectsAsDenied(get(ref(phone(database, 'b'), 'mine/a')));
    await rejectsAsDenied(get(ref(phone(database), 'mine/a')));
  });

  it('a query is let in by what it asks', async () => {
    await database.reset({ queried: { x: { owner: 'a' }, y: { owner: 'b' } } });
    const db = phone(database, 'a');
    const of = (owner) => query(ref(db, 'queried'), orderByChild('owner'), equalTo(owner));
    const heard = record(of('a'));
    await eventually(() => heard, ['x']);
    await rejectsAsDenied(get(of('b')));
    await rejectsAsDenied(get(ref(db, 'queried')));
  });

  it('a listener is revoked when the data that let it in is gone', async () => {
    await database.reset({ club: 'news', members: { a: true, b: true } });
    const [a, b] = [watch(ref(phone(database, 'a'), 'club')), watch(ref(phone(database, 'b'), 'club'))];
    await eventually(() => [a.values, b.values], [['news'], ['news']]);
    await database.json('PATCH', '/.json', { body: { club: 'secret', 'members/a': null } });
    await eventually(() => b.values, ['news', 'secret']);
    await eventually(() => /permission_denied/.test(a.error), true);
    assert.deepEqual(a.values, ['news']);
  });
});

describe('coming and going', () => {
  it('onDisconnect writes once the phone is gone', async () => {
    const db = phone(database, 'a');
    await set(ref(db, 'open/typing'), { a: 1, b: 1 });
    await onDisconnect(ref(db, 'open/typing/a')).remove();
    await onDisconnect(ref(db, 'open/seen')).set({ at: serverTimestamp() });
    await onDisconnect(ref(db, 'open')).update({ 'state/a': 'gone' });
    assert.deepEqual(await database.data('/open'), { typing: { a: 1, b: 1 } });
    goOffline(db);
    await eventually(async () => {
      const { seen, ...rest } = await database.data('/open');
      return { ...rest, seen: typeof seen?.at };
    }, { typing: { b: 1 }, state: { a: 'gone' }, seen: 'number' });
  });

  it('onDisconnect that was cancelled writes nothing', async () => {
    const db = phone(database, 'a');
    await onDisconnect(ref(db, 'open/x/y')).set(1);
    await onDisconnect(ref(db, 'open/z')).set(1);
    await onDisconnect(ref(db, 'open/x')).cancel();
    goOffline(db);
    await eventually(() => database.data('/open'), { z: 1 });
  });

  it('onDisconnect needs permission when it is asked for, and again when it is done', async () => {
    const db = phone(database, 'a');
    await rejectsAsDenied(onDisconnect(ref(db, 'mine/b')).set(1));
    await onDisconnect(ref(db, 'diary/d1')).set({ at: 1 });
    await onDisconnect(ref(db, 'diary/d2')).set({ at: 1 });
    await database.json('PUT', '/diary/d1.json', { body: { at: 2 } });
    goOffline(db);
    await eventually(() => database.data('/diary'), { d1: { at: 2 }, d2: { at: 1 } });
  });

  it('who comes back is told what he missed, and only that', async () => {
    const db = phone(database, 'a');
    const list = ref(db, 'open/list');
    await database.reset({ open: { list: { a: 1 } } });
    const added = record(list);
    await eventually(() => added, ['a']);
    goOffline(db);
    await database.json('PATCH', '/open/list.json', { body: { b: 2 } });
    goOnline(db);
    await eventually(() => added, ['a', 'b']);
    goOffline(db);
    goOnline(db);
    assert.deepEqual((await get(child(list, 'b'))).val(), 2);
    assert.deepEqual(added, ['a', 'b']);
  });

  it('what was written offline is written when the phone is back', async () => {
    const db = phone(database, 'a');
    await get(ref(db, 'open'));
    goOffline(db);
    const written = set(ref(db, 'open/later'), 1);
    goOnline(db);
    await written;
    assert.equal(await database.data('/open/later'), 1);
  });
});
