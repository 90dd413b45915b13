import assert from 'node:assert/strict';
import {
  child,
  equalTo,
  get,
  goOffline,
  goOnline,
  off,
  onDisconnect,
  orderByChild,
  push,
  query,
  ref,
  remove,
  serverTimestamp,
  set,
  update,
} from 'firebase/database';
import { before, beforeEach, describe, it } from 'node:test';
import { eventually } from './testing/eventually.mjs';
import { phone, record, watch } from './testing/js-client.mjs';
import { peer } from './testing/peer.mjs';
import { suiteRules } from './testing/suite-rules.mjs';

const database = await peer();
before(() => database.useRules(suiteRules));
beforeEach(() => database.reset());

const rejectsAsDenied = (promise) => assert.rejects(promise, /permission.denied/i);

describe('a write of one phone reaches another', () => {
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

  it('a multi-path update arrives as one event', async () => {
    const [ours, theirs] = [phone(database, 'a'), phone(database, 'b')];
    await set(ref(ours, 'open/room'), { metadata: { revision: 1 }, messages: { m1: 1 } });
    const seen = watch(ref(theirs, 'open/room'));
    await eventually(() => seen.values.length, 1);
    await update(ref(ours, 'open/room'), { 'metadata/revision': 2, 'messages/m2': 2, 'messages/m1': null });
    await eventually(() => seen.values.slice(1), [{ metadata: { revision: 2 }, messages: { m2: 2 } }]);
  });

  it('a write of the backend reaches the phones', async () => {
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

  it('push creates ordered keys', async () => {
    const db = phone(database, 'a');
    const names = [];
    for (const value of [1, 2, 3]) names.push((await push(ref(db, 'open/list'), value)).key);
    assert.deepEqual(Object.keys(await database.data('/open/list')), names);
  });

  it('a removed listener receives no further events', async () => {
    const db = phone(database, 'a');
    const seen = watch(ref(db, 'open/x'));
    await eventually(() => seen.values, [null]);
    off(ref(db, 'open/x'));
    await set(ref(phone(database, 'b'), 'open/x'), 1);
    assert.equal((await get(ref(db, 'open/x'))).val(), 1);
    assert.deepEqual(seen.values, [null]);
  });

  it('messages of a megabyte arrive intact in both directions', async () => {
    const text = '😀é'.repeat(200_000);
    const [ours, theirs] = [phone(database, 'a'), phone(database, 'b')];
    const seen = watch(ref(theirs, 'open/long'));
    // The SDK splits frames between any two UTF-16 units, so this test uses no surrogate pairs.
    await set(ref(ours, 'open/long'), text.replaceAll('😀', 'ç'));
    await eventually(() => seen.values.at(-1) === text.replaceAll('😀', 'ç'), true);
    await database.json('PUT', '/open/long.json', { body: text });
    await eventually(() => seen.values.at(-1) === text, true);
  });
});

describe('rules', () => {
  it('a denied read is an error', async () => {
    const db = phone(database, 'a');
    await rejectsAsDenied(get(ref(db, 'mine/b')));
    const seen = watch(ref(db, 'mine/b'));
    await eventually(() => /permission_denied/.test(seen.error), true);
  });

  it('a denied write is an error and is reverted locally', async () => {
    const db = phone(database, 'a');
    await set(ref(db, 'counter'), 5);
    const seen = watch(ref(db, 'counter'));
    await eventually(() => seen.values, [5]);
    await rejectsAsDenied(set(ref(db, 'counter'), 4));
    assert.deepEqual(seen.values, [5, 4, 5]);
    await rejectsAsDenied(update(ref(db), { 'mine/a': 1, 'mine/b': 1 }));
    assert.deepEqual(await database.data(), { counter: 5 });
  });

  it('each user reads only their own data', async () => {
    await set(ref(phone(database, 'a'), 'mine/a'), 'secret');
    assert.equal((await get(ref(phone(database, 'a'), 'mine/a'))).val(), 'secret');
    await rejectsAsDenied(get(ref(phone(database, 'b'), 'mine/a')));
    await rejectsAsDenied(get(ref(phone(database), 'mine/a')));
  });

  it('the rules allow a read by its query', async () => {
    await database.reset({ queried: { x: { owner: 'a' }, y: { owner: 'b' } } });
    const db = phone(database, 'a');
    const of = (owner) => query(ref(db, 'queried'), orderByChild('owner'), equalTo(owner));
    const heard = record(of('a'));
    await eventually(() => heard, ['x']);
    await rejectsAsDenied(get(of('b')));
    await rejectsAsDenied(get(ref(db, 'queried')));
  });

  it('a listener is revoked when the data behind its permission is removed', async () => {
    await database.reset({ club: 'news', members: { a: true, b: true } });
    const [a, b] = [watch(ref(phone(database, 'a'), 'club')), watch(ref(phone(database, 'b'), 'club'))];
    await eventually(() => [a.values, b.values], [['news'], ['news']]);
    await database.json('PATCH', '/.json', { body: { club: 'secret', 'members/a': null } });
    await eventually(() => b.values, ['news', 'secret']);
    await eventually(() => /permission_denied/.test(a.error), true);
    assert.deepEqual(a.values, ['news']);
  });
});

describe('disconnecting and reconnecting', () => {
  it('onDisconnect writes after the phone disconnects', async () => {
    const db = phone(database, 'a');
    await set(ref(db, 'open/typing'), { a: 1, b: 1 });
    await onDisconnect(ref(db, 'open/typing/a')).remove();
    await onDisconnect(ref(db, 'open/seen')).set({ at: serverTimestamp() });
    await onDisconnect(ref(db, 'open')).update({ 'state/a': 'gone' });
    assert.deepEqual(await database.data('/open'), { typing: { a: 1, b: 1 } });
    goOffline(db);
    await eventually(
      async () => {
        const { seen, ...rest } = await database.data('/open');
        return { ...rest, seen: typeof seen?.at };
      },
      { typing: { b: 1 }, state: { a: 'gone' }, seen: 'number' },
    );
  });

  it('a cancelled onDisconnect writes nothing', async () => {
    const db = phone(database, 'a');
    await onDisconnect(ref(db, 'open/x/y')).set(1);
    await onDisconnect(ref(db, 'open/z')).set(1);
    await onDisconnect(ref(db, 'open/x')).cancel();
    goOffline(db);
    await eventually(() => database.data('/open'), { z: 1 });
  });

  it('onDisconnect needs permission at the request and at the write', async () => {
    const db = phone(database, 'a');
    await rejectsAsDenied(onDisconnect(ref(db, 'mine/b')).set(1));
    await onDisconnect(ref(db, 'diary/d1')).set({ at: 1 });
    await onDisconnect(ref(db, 'diary/d2')).set({ at: 1 });
    await database.json('PUT', '/diary/d1.json', { body: { at: 2 } });
    goOffline(db);
    await eventually(() => database.data('/diary'), { d1: { at: 2 }, d2: { at: 1 } });
  });

  it('a reconnected listener receives only the missed changes', async () => {
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

  it('offline writes are sent after reconnecting', async () => {
    const db = phone(database, 'a');
    await get(ref(db, 'open'));
    goOffline(db);
    const written = set(ref(db, 'open/later'), 1);
    goOnline(db);
    await written;
    assert.equal(await database.data('/open/later'), 1);
  });
});
