// Every kind of bad input returns a clear 4xx: never a 5xx, and no internals in the text.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';

import { aConversation } from './support/people.mjs';

let driver;
let client;
let room;
let received;
before(async () => {
  ({ driver, client, room } = await aConversation({ initial_message: 'Bonjour' }));
  const { body } = await client.get('messages/', { chat_room_id: room.id });
  received = body.results[0].id;
});

/** A valid body for each endpoint that reads one. */
const endpoints = {
  'rooms/': () => ({ other_user_id: client.id, room_type: 'delivery' }),
  'messages/': () => ({ chat_room_id: room.id, text: 'Bonjour' }),
  'messages/mark_as_read/': () => ({ message_ids: [received] }),
  'messages/mark_as_delivered/': () => ({ receipts: [{ chat_room_id: room.id, seq: 1 }] }),
  'rooms/{room_id}/archive/': () => ({ archive: false }),
  'rooms/{room_id}/mute/': () => ({ mute: false }),
  'rooms/{room_id}/typing/': () => ({ is_typing: false }),
};
const pathOf = (endpoint) => endpoint.replace('{room_id}', room.id);

function assertClear(response, what) {
  assert.ok(response.status >= 400 && response.status < 500, `${what}: ${response.status} ${response.text}`);
  assert.doesNotMatch(response.text, /panick|postgres|tokio|serde|SELECT |\.rs\b|relation |column ".*" does/i, what);
  assert.ok(response.text.length < 2000, `${what}: the input is not sent back`);
}

const malformed = {
  'a word': 'bonjour',
  'an unclosed object': '{',
  'an unclosed string': '{"text": "',
  'a missing value': '{"text":}',
  'single quotes': "{'text': 'bonjour'}",
  'a trailing comma': '{"text": "bonjour",}',
  'two values': '{"text": "bonjour"}{"text": "bonjour"}',
  'a comment': '{"text": "bonjour"} // bonjour',
  'a number with a leading zero': '{"n": 01}',
  'NaN': '{"n": NaN}',
  'a line break in a string': '{"text": "a\nb"}',
  'NUL': '\0',
  'an unknown escape': '{"text": "\\x41"}',
  'a form': 'chat_room_id=1&text=bonjour',
  'XML': '<?xml version="1.0"?><text>bonjour</text>',
  'bytes that are not UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
  'UTF-16': Buffer.from('{"text": "bonjour"}', 'utf16le'),
  '100,000 unclosed arrays': '['.repeat(100_000),
  '20,000 unclosed objects': '{"a":'.repeat(20_000),
  '100,000 nested arrays': '['.repeat(100_000) + ']'.repeat(100_000),
};

describe('a body that is not JSON returns 400 with a detail', () => {
  for (const [name, payload] of Object.entries(malformed)) {
    test(name, async () => {
      for (const endpoint of Object.keys(endpoints)) {
        const response = await driver.postRaw(pathOf(endpoint), payload);
        assert.equal(response.status, 400, `${endpoint}: ${response.status}`);
        assert.deepEqual(Object.keys(response.body), ['detail']);
        assertClear(response, endpoint);
      }
    });
  }
});

describe('a body that is not an object returns 400', () => {
  for (const payload of ['[]', '[1, 2]', '"bonjour"', '12', '-0.5', 'true', 'false', 'null']) {
    test(payload, async () => {
      for (const endpoint of Object.keys(endpoints)) {
        const response = await driver.postRaw(pathOf(endpoint), payload);
        assert.equal(response.status, 400, endpoint);
        assertClear(response, endpoint);
      }
    });
  }
});

describe('a field of the wrong type returns 400, and only that field is named', () => {
  const wrong = {
    'rooms/': {
      other_user_id: [1, true, null, [], {}, '', 'x', 'a'.repeat(100_000), '\u0000'],
      delivery_id: [1, true, [], {}, 'x', 'a'.repeat(100_000)],
      room_type: [1, true, null, [], {}, 'x', 'a'.repeat(100_000)],
      initial_message: [true, [], {}, 'a\u0000b', 'a'.repeat(100_000)],
    },
    'messages/': {
      chat_room_id: [1, true, null, [], {}, '', 'x', 'a'.repeat(100_000)],
      message_type: [1, true, null, [], {}, 'x'],
      text: [true, [], {}, 'a\u0000b', 'a'.repeat(100_000)],
      client_message_id: [1, true, [], {}, 'x', '\u0000'],
    },
    'rooms/{room_id}/archive/': { archive: ['x', 2, null, [], {}] },
    'rooms/{room_id}/typing/': { is_typing: ['x', 2, null, [], {}, undefined] },
  };
  for (const [endpoint, fields] of Object.entries(wrong)) {
    for (const [field, values] of Object.entries(fields)) {
      test(`${endpoint} ${field}`, async () => {
        for (const value of values) {
          const response = await driver.post(pathOf(endpoint), { ...endpoints[endpoint](), [field]: value });
          const what = `${field} = ${JSON.stringify(value)?.slice(0, 50)}`;
          assert.equal(response.status, 400, `${what}: ${response.status} ${response.text}`);
          assert.deepEqual(Object.keys(response.body), [field], what);
          assertClear(response, what);
        }
      });
    }
  }
});

test('a lone surrogate in a text returns 400', async () => {
  for (const escape of ['\\ud800', '\\udc00', '\\ud800\\ud800', '\\udc00\\ud800', 'a\\ud83d']) {
    for (const [endpoint, field] of [
      ['messages/', 'text'],
      ['rooms/', 'initial_message'],
    ]) {
      const body = JSON.stringify({ ...endpoints[endpoint](), [field]: '@' }).replace('@', escape);
      const response = await driver.postRaw(endpoint, body);
      assert.equal(response.status, 400, `${endpoint} ${escape}`);
      assertClear(response, escape);
    }
  }
});

test('unknown fields are ignored', async () => {
  const unknown = {
    'nonsense': { deep: [[[null]]] },
    '__proto__x': 1,
    'a\u0000b': '\u0000',
    '': '',
    ['é'.repeat(1000)]: 1,
  };
  for (const [endpoint, body] of Object.entries(endpoints)) {
    const { status } = await driver.post(pathOf(endpoint), { ...unknown, ...body() });
    assert.ok(status < 300, `${endpoint}: ${status}`);
  }
});

test('a number out of range is rejected or ignored', async () => {
  for (const number of [
    '1e999',
    '-1e999',
    '9'.repeat(1000),
    `0.${'1'.repeat(1000)}`,
    '123456789012345678901234567890',
  ]) {
    for (const [endpoint, body] of Object.entries(endpoints)) {
      const payload = `${JSON.stringify(body()).slice(0, -1)}, "n": ${number}}`;
      const { status } = await driver.postRaw(pathOf(endpoint), payload);
      assert.ok(status < 300 || status === 400, `${endpoint} ${number.slice(0, 20)}: ${status}`);
    }
  }
});

test('a body of six megabytes returns 400 or 413', async () => {
  const text = 'a'.repeat(6 * 1024 * 1024);
  for (const [endpoint, body] of Object.entries(endpoints)) {
    for (const payload of [JSON.stringify({ ...body(), text }), `[${'0,'.repeat(3 * 1024 * 1024)}0]`]) {
      const response = await driver.postRaw(pathOf(endpoint), payload);
      assert.ok([400, 413].includes(response.status), `${endpoint}: ${response.status}`);
      assertClear(response, endpoint);
    }
  }
});

describe('the content type', () => {
  test('returns 415 if it is not JSON', async () => {
    for (const type of [
      'text/plain',
      'application/xml',
      'text/html; charset=utf-8',
      'application/octet-stream',
      'json',
      'application/jsonp',
    ]) {
      for (const [endpoint, body] of Object.entries(endpoints)) {
        const response = await driver.postRaw(pathOf(endpoint), JSON.stringify(body()), type);
        assert.equal(response.status, 415, `${endpoint} ${type}`);
        assertClear(response, type);
      }
    }
  });

  test('is accepted with parameters and in any case', async () => {
    for (const type of [
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'Application/JSON',
      'application/json ; a=b',
    ]) {
      const { status } = await driver.postRaw('messages/', JSON.stringify(endpoints['messages/']()), type);
      assert.equal(status, 201, type);
    }
  });
});

test('an endpoint that reads no body ignores a body', async () => {
  for (const path of [`rooms/${room.id}/mark_as_read/`, 'firebase_token/']) {
    for (const payload of ['{', '[]', '\0', 'x'.repeat(10_000)]) {
      assert.equal((await driver.postRaw(path, payload)).status, 200, path);
    }
  }
});

describe('an invalid query never returns a 5xx', () => {
  const values = [
    '\u0000',
    '%',
    '%00',
    '\\',
    "'",
    '"; --',
    '[]',
    '{}',
    '1e999',
    'é',
    '📷',
    '9'.repeat(400),
    'a'.repeat(4000),
    ' ',
  ];
  const parameters = {
    'rooms/': ['room_type', 'delivery_id', 'include_archived', 'search', 'ordering', 'page', 'page_size', 'nonsense'],
    'messages/': ['chat_room_id', 'ordering', 'page', 'page_size', 'after_seq', 'nonsense'],
  };
  for (const [path, names] of Object.entries(parameters)) {
    for (const name of names) {
      test(`${path} ${name}`, async () => {
        const base = path === 'messages/' ? { chat_room_id: room.id } : {};
        for (const value of values) {
          const response = await driver.get(path, { ...base, [name]: value });
          assert.ok([200, 400, 404].includes(response.status), `${name}=${value}: ${response.status}`);
          if (response.status !== 200) assertClear(response, `${name}=${value}`);
        }
      });
    }
  }

  test('a repeated parameter is accepted', async () => {
    const { driver: reader, room: own } = await aConversation({ initial_message: 'Bonjour' });
    for (const path of [
      `messages/?chat_room_id=${own.id}&chat_room_id=${own.id}`,
      `messages/?chat_room_id=${own.id}&page=1&page=1`,
      'rooms/?room_type=delivery&room_type=delivery',
    ]) {
      assert.equal((await reader.get(path)).body.count, 1, path);
    }
  });

  test('invalid percent-encoding is accepted', async () => {
    for (const query of ['%', '%zz', '%c3', '&&=&', '=', '?', 'search=%ff%fe', 'search=a+b%20c', '%00=%00']) {
      const { status } = await driver.get(`rooms/?${query}`);
      assert.ok(status < 500, `${query}: ${status}`);
    }
  });
});

test('the conversation still works after all of these requests', async () => {
  const { status, body } = await driver.get(`rooms/${room.id}/`);
  assert.equal(status, 200);
  assert.equal(body.other_participant.id, client.id);
  assert.equal(
    (await driver.post('messages/', { chat_room_id: room.id, text: `Bonjour ${randomUUID()}` })).status,
    201,
  );
});
