// Firebase slow, failing or unreachable: sending stays fast and loses nothing. When Firebase is back, every message
// arrives once, in order. dev/firebase/README.md describes the faults.

import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';

import { eventually } from './support/eventually.mjs';
import { inject, mirroredRoom } from './support/firebase.mjs';
import { aConversation, say, seenBy } from './support/people.mjs';
import { aPhone } from './support/phone.mjs';

/** Enough for a sweep after the back-off of several failures. */
const BACK_WITHIN = 60_000;
const EVERY_WRITE = { path: '/' };

const phones = [];
after(() => Promise.all(phones.map((phone) => phone.close())));
afterEach(() => inject([]));

const seqs = (messages) => messages.map(({ seq }) => seq);
const upTo = (count) => Array.from({ length: count }, (_, n) => n + 1);

const outages = {
  'takes five seconds for each write': [{ ...EVERY_WRITE, delayMs: 5000 }],
  'applies each write at once and responds five seconds later': [{ ...EVERY_WRITE, answerDelayMs: 5000 }],
  'responds 503': [{ ...EVERY_WRITE, status: 503, body: { error: 'Service unavailable' } }],
  'applies each write and responds 500': [{ ...EVERY_WRITE, status: 500, applied: true }],
  'responds 429': [{ ...EVERY_WRITE, status: 429, retryAfter: 1 }],
  'closes the connection': [{ ...EVERY_WRITE, reset: 'before' }],
  'applies each write and closes the connection': [{ ...EVERY_WRITE, reset: 'after' }],
};

describe('while Firebase', () => {
  for (const [name, faults] of Object.entries(outages)) {
    test(`${name}, sending stays fast, and all messages arrive in order after the recovery`, async () => {
      const { driver, client, room } = await aConversation({ initial_message: 'message 1' });
      const phone = await aPhone(client);
      phones.push(phone);
      await eventually(async () => assert.ok(await phone.read(`chats/${room.id}/metadata/id`)));
      const heard = phone.listen(room);
      await eventually(() => assert.deepEqual(seqs(heard.added), [1]));

      await inject(faults);
      for (let n = 2; n <= 11; n += 1) {
        const start = performance.now();
        await say(n % 2 ? driver : client, room, `message ${n}`);
        const took = performance.now() - start;
        assert.ok(took < 1000, `message ${n} took ${Math.round(took)} ms`);
      }
      assert.equal((await seenBy(driver, room)).unread_count, 5);
      assert.equal((await seenBy(client, room)).unread_count, 6);

      await inject([]);
      await eventually(() => assert.deepEqual(seqs(heard.added), upTo(11)), BACK_WITHIN);
      await eventually(async () => {
        const { metadata, messages } = await mirroredRoom(room);
        assert.equal(metadata.last_message_text, 'message 11');
        assert.equal(Object.keys(messages).length, 11);
      }, BACK_WITHIN);
    });
  }
});
