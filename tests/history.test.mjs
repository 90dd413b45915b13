// Rules 6, 19 and 26 of docs/api-guide.md, its section "History", and the backfill after an offline period.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { BASE_URL } from './support/settings.mjs';
import { aConversation, say } from './support/people.mjs';

const COUNT = 45;
const numbers = (from, to) =>
  Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => (to < from ? from - i : from + i));

/** A room with 45 messages; message number n has the text "message n". */
let room;
let client;
let read;
before(async () => {
  let driver;
  ({ driver, client, room } = await aConversation());
  for (const n of numbers(1, COUNT)) await say(n % 2 ? driver : client, room, `message ${n}`);
  read = async (query) => {
    const { status, body } = await client.get('messages/', { chat_room_id: room.id, ...query });
    assert.equal(status, 200);
    return body;
  };
});
const seqs = (page) => page.results.map(({ seq }) => seq);

test('the history is newest first, 20 to a page', async () => {
  const page = await read();
  assert.equal(page.count, COUNT);
  assert.deepEqual(seqs(page), numbers(45, 26));
  assert.equal(page.results[0].text, 'message 45');
  assert.equal(page.results[0].chat_room, room.id);
});

test('ordering=created_at returns the oldest message first', async () => {
  assert.deepEqual(seqs(await read({ ordering: 'created_at' })), numbers(1, 20));
  assert.deepEqual(seqs(await read({ ordering: 'created_at', page: 3 })), numbers(41, 45));
  assert.deepEqual(seqs(await read({ ordering: '-created_at' })), numbers(45, 26));
});

test('an unknown ordering is ignored', async () => {
  for (const ordering of ['', 'seq', 'text', 'created_at; DROP TABLE chat_messages']) {
    assert.deepEqual(seqs(await read({ ordering })), numbers(45, 26));
  }
});

test('an empty room has one empty page', async () => {
  const { driver, room: empty } = await aConversation();
  const page = await driver.get('messages/', { chat_room_id: empty.id });
  assert.deepEqual(page.body, { count: 0, next: null, previous: null, results: [], revision: 1 });
  assert.equal((await driver.get('messages/', { chat_room_id: empty.id, page: 2 })).status, 404);
});

describe('pages', () => {
  test('link to each other over the whole history, both ways', async () => {
    const seen = [];
    let page = await read({ page_size: 10 });
    for (let n = 1; ; n += 1) {
      assert.equal(page.count, COUNT);
      assert.equal(page.previous === null, n === 1);
      seen.push(...seqs(page));
      if (page.next === null) break;
      const { body } = await client.follow(page.next);
      page = body;
    }
    assert.deepEqual(seen, numbers(45, 1));
    assert.deepEqual(seqs((await client.follow(page.previous)).body), numbers(15, 6));
  });

  test('have absolute links on this host that keep the other parameters', async () => {
    const { next, previous } = await read({ page: 2, page_size: 10, ordering: 'created_at' });
    for (const link of [next, previous]) {
      assert.ok(link.startsWith(`${BASE_URL}/api/v1/chat/messages/?`), link);
      const parameters = new URL(link).searchParams;
      assert.equal(parameters.get('chat_room_id'), room.id);
      assert.equal(parameters.get('ordering'), 'created_at');
      assert.equal(parameters.get('page_size'), '10');
    }
    assert.equal(new URL(next).searchParams.get('page'), '3');
    assert.equal(new URL(previous).searchParams.get('page'), null);
  });

  test('keep escaped and unknown parameters in the links', async () => {
    const { next } = await read({ page_size: 10, note: 'à & b=c +%' });
    assert.equal(new URL(next).searchParams.get('note'), 'à & b=c +%');
  });

  test('have a size of 1 to 100', async () => {
    assert.deepEqual(seqs(await read({ page_size: 1 })), [45]);
    assert.equal((await read({ page_size: 100 })).results.length, COUNT);
    assert.equal((await read({ page_size: 1000 })).results.length, COUNT);
  });

  test('have the default size if the parameter is invalid', async () => {
    for (const page_size of ['0', '-5', 'dix', '', '1.5', '1e2']) {
      assert.equal((await read({ page_size })).results.length, 20, page_size);
    }
  });

  test('return 404 out of range', async () => {
    for (const page of ['4', '0', '-1', 'deux', '1.5', '9223372036854775807', '99999999999999999999999999']) {
      const { status, body } = await client.get('messages/', { chat_room_id: room.id, page });
      assert.equal(status, 404, page);
      assert.equal(body.detail, 'Page invalide.');
    }
  });

  test('start at the first page if the number is empty', async () => {
    assert.deepEqual(seqs(await read({ page: '' })), numbers(45, 26));
  });

  test('include the last one under the name `last`, as in DRF', async () => {
    assert.deepEqual(seqs(await read({ page: 'last' })), numbers(5, 1));
  });
});

describe('after_seq', () => {
  test('returns the later messages, oldest first', async () => {
    assert.deepEqual(seqs(await read({ after_seq: 40 })), numbers(41, 45));
    assert.deepEqual(seqs(await read({ after_seq: 0 })), numbers(1, 20));
  });

  test('returns at most page_size messages', async () => {
    assert.deepEqual(seqs(await read({ after_seq: 10, page_size: 5 })), numbers(11, 15));
    assert.deepEqual(seqs(await read({ after_seq: 10, page_size: 100 })), numbers(11, 45));
  });

  test('returns an empty list if no message is missing', async () => {
    for (const after_seq of [COUNT, COUNT + 1, 9_007_199_254_740_991]) {
      assert.deepEqual((await read({ after_seq })).results, []);
    }
  });

  test('reaches the last message by the last received seq', async () => {
    const seen = [];
    for (;;) {
      const { results } = await read({ after_seq: seen.at(-1) ?? 0, page_size: 7 });
      if (results.length === 0) break;
      seen.push(...results.map(({ seq }) => seq));
    }
    assert.deepEqual(seen, numbers(1, COUNT));
  });

  test('reaches the last message by the links', async () => {
    const first = await read({ after_seq: 5, page_size: 15 });
    const seen = seqs(first);
    for (let { next } = first; next !== null;) {
      const { body } = await client.follow(next);
      seen.push(...seqs(body));
      ({ next } = body);
    }
    assert.deepEqual(seen, numbers(6, COUNT));
  });

  test('returns 400 if it is not a number', async () => {
    for (const after_seq of ['abc', '-1', '1.5', '99999999999999999999999']) {
      const { status, body } = await client.get('messages/', { chat_room_id: room.id, after_seq });
      assert.equal(status, 400, after_seq);
      assert.deepEqual(Object.keys(body), ['after_seq']);
    }
  });
});

describe('chat_room_id', () => {
  test('is required', async () => {
    for (const chat_room_id of [undefined, '']) {
      const { status, body } = await client.get('messages/', { chat_room_id });
      assert.equal(status, 400);
      assert.deepEqual(body, { chat_room_id: ['Ce champ est obligatoire.'] });
    }
  });

  test('must be a UUID', async () => {
    for (const chat_room_id of ['1', 'abc', `${room.id}0`, '\u0000', "' OR 1=1 --"]) {
      const { status, body } = await client.get('messages/', { chat_room_id });
      assert.equal(status, 400);
      assert.deepEqual(body, { chat_room_id: ['Doit être un UUID valide.'] });
    }
  });
});
