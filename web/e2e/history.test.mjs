// A long conversation, read from its end to its beginning.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { eventually } from '../../tests/support/eventually.mjs';
import { aConversation, say, seenBy } from '../../tests/support/people.mjs';
import { phoneOf } from './support/browser.mjs';

const COUNT = 200;
let driver;
let client;
let room;

before(async () => {
  ({ driver, client, room } = await aConversation());
  for (let n = 1; n <= COUNT; n += 1) await say(client, room, `message ${n}`);
});

/** Scrolls up by one page of history. */
async function scrollBack({ page, bubbles }) {
  const seq = await bubbles.first().getAttribute('data-seq');
  await page.getByRole('log').evaluate((box) => box.scrollTo(0, -box.scrollHeight));
  const older = page.locator(`[data-seq="${seq - 1}"]`);
  await older.waitFor();
  // What was at the top of the screen is still to be seen, now with older messages above.
  assert.ok(await page.locator(`[data-seq="${seq}"]`).isVisible());
}

test('what is read is shown as read, also of messages that Firebase no longer has', async () => {
  const writer = await phoneOf(client, { path: `#room=${room.id}` });
  await writer.bubble(`message ${COUNT}`).waitFor();
  for (let pages = 0; pages < 3; pages += 1) await scrollBack(writer);
  const unread = () => writer.bubbles.filter({ hasText: 'Envoyé' }).count();
  assert.ok((await unread()) > 100);

  const reader = await phoneOf(driver, { path: `#room=${room.id}` });
  await reader.bubble(`message ${COUNT}`).waitFor();
  await eventually(async () => assert.equal((await seenBy(driver, room)).unread_count, 0));
  await eventually(async () => assert.equal(await unread(), 0));
});

test('200 messages scroll back to the first one without a gap', async () => {
  const phone = await phoneOf(driver, { path: `#room=${room.id}` });
  await phone.bubble(`message ${COUNT}`).waitFor();
  assert.ok((await phone.bubbles.count()) < COUNT, 'not all of it is loaded at once');
  while (await phone.page.locator('.older').count()) await scrollBack(phone);
  const seqs = await phone.bubbles.evaluateAll((all) => all.map(({ dataset }) => Number(dataset.seq)));
  assert.deepEqual(
    seqs,
    Array.from({ length: COUNT }, (_, index) => index + 1),
  );
  await phone.screenshot('history');
  assert.deepEqual(phone.page.mistakes, []);
});

test('a message that comes while one reads back does not move the screen', async () => {
  const phone = await phoneOf(driver, { path: `#room=${room.id}` });
  await phone.bubble(`message ${COUNT}`).waitFor();
  const log = phone.page.getByRole('log');
  await log.evaluate((box) => box.scrollTo(0, -600));
  const inSight = phone.bubble('message 190');
  const before = await inSight.boundingBox();
  await say(client, room, 'nouveau');
  await phone.bubble('nouveau').waitFor({ state: 'attached' });
  assert.ok(Math.abs((await inSight.boundingBox()).y - before.y) < 3);
  await phone.page.getByRole('button', { name: 'Aller au dernier message' }).click();
  await eventually(async () => assert.equal(await log.evaluate((box) => Math.round(box.scrollTop)), 0));
});
