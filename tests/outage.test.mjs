// Firebase slow, failing or gone: sending is answered as fast as ever and nothing is lost; when Firebase is back,
// everything arrives, once, in order. The faults are the stand-in's (dev/firebase/README.md).

import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';

import { eventually } from './support/eventually.mjs';
import { inject, mirroredRoom } from './support/firebase.mjs';
import { aConversation, say, seenBy } from './support/people.mjs';
import { aPhone } from './support/phone.mjs';

/** Long enough for the sweeper to come round after the back-off of some failures. */
const BACK_WITHIN = 60_000;
const EVERY_WRITE = { path: '/chats/**' };

const phones = [];
after(() => Promise.all(phones.map((phone) => phone.close())));
afterEach(() => inject([]));

const seqs = (messages) => messages.map(({ seq }) => seq);
const upTo = (count) => Array.from({ length: count }, (_, n) => n + 1);

const outages = {
  'takes five seconds for each answer': [{ ...EVERY_WRITE, delayMs: 5000 }],
  'answers late what it did at once': [{ ...EVERY_WRITE, answerDelayMs: 5000 }],
  'answers 503': [{ ...EVERY_WRITE, status: 503, body: { error: 'Service unavailable' } }],
  'answers 500, having done it': [{ ...EVERY_WRITE, status: 500, applied: true }],
  'answers 429': [{ ...EVERY_WRITE, status: 429, retryAfter: 1 }],
  'cuts the connection': [{ ...EVERY_WRITE, reset: 'before' }],
  'cuts the connection, having done it': [{ ...EVERY_WRITE, reset: 'after' }],
};

describe('while Firebase', () => {
  for (const [name, faults] of Object.entries(outages)) {
    test(`${name}, messages are answered at once, and all arrive in order when it is back`, async () => {
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
