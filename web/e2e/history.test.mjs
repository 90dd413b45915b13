// A long conversation, read from the end to the beginning.

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

/** Opens the room on a phone and waits for the 50 messages that Firebase has. */
async function openedBy(person) {
  const phone = await phoneOf(person, { path: `#room=${room.id}` });
  await phone.page.locator(`[data-seq="${COUNT - 49}"]`).waitFor({ state: 'attached' });
  return phone;
}

async function assertInSight(page, bubble) {
  const { top, bottom } = await page.getByRole('log').evaluate((box) => box.getBoundingClientRect().toJSON());
  const { y, height } = await bubble.boundingBox();
  assert.ok(y >= top && y + height <= bottom, `at ${y}, and the screen is from ${top} to ${bottom}`);
}

/** Scrolls up by one page of history. */
async function scrollBack({ page, bubbles }) {
  const seq = await bubbles.first().getAttribute('data-seq');
  await page.getByRole('log').evaluate((box) => box.scrollTo(0, -box.scrollHeight));
  const older = page.locator(`[data-seq="${seq - 1}"]`);
  await older.waitFor();
  // The message that was at the top is still visible, now with older messages above it.
  await assertInSight(page, page.locator(`[data-seq="${seq}"]`));
}

/** Shows every message from the first to the last. */
const scrollThrough = ({ page }) =>
  page.getByRole('log').evaluate(async (box) => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    for (let top = box.clientHeight - box.scrollHeight; top < 0; top += box.clientHeight / 3) {
      box.scrollTo(0, top);
      await frame();
    }
    box.scrollTo(0, 0);
    await frame();
  });

test('receipts are shown, also for messages that Firebase no longer has', async () => {
  const writer = await openedBy(client);
  for (let pages = 0; pages < 3; pages += 1) await scrollBack(writer);
  const unread = () => writer.bubbles.filter({ hasText: 'Envoyé' }).count();
  assert.ok((await unread()) > 50, 'more than Firebase has');

  const reader = await openedBy(driver);
  // The room opens at its first unread message.
  await reader.page.getByText('Nouveaux messages').waitFor();
  while (await reader.page.locator('.older').count()) await scrollBack(reader);
  await scrollThrough(reader);
  await eventually(async () => assert.equal((await seenBy(driver, room)).unread_count, 0));
  await eventually(async () => assert.equal(await unread(), 0));
  // An open phone of the driver would mark later messages as read.
  await reader.close();
});

test('200 messages scroll back to the first one without a gap', async () => {
  const phone = await openedBy(driver);
  assert.ok((await phone.bubbles.count()) < COUNT, 'not all of it is loaded at once');
  while (await phone.page.locator('.older').count()) await scrollBack(phone);
  const seqs = await phone.bubbles.evaluateAll((all) => all.map(({ dataset }) => Number(dataset.seq)));
  assert.deepEqual(
    seqs,
    Array.from({ length: COUNT }, (_, index) => index + 1),
  );
  await phone.screenshot('history');
  assert.deepEqual(phone.page.mistakes, []);
  await phone.close();
});

test('a new message does not move the screen while the viewer reads older ones', async () => {
  const phone = await openedBy(driver);
  const log = phone.page.getByRole('log');
  await log.evaluate((box) => box.scrollTo(0, -600));
  const inSight = phone.bubble('message 187');
  await assertInSight(phone.page, inSight);
  const before = await inSight.boundingBox();
  await say(client, room, 'nouveau');
  await phone.bubble('nouveau').waitFor({ state: 'attached' });
  assert.ok(Math.abs((await inSight.boundingBox()).y - before.y) < 3);
  await phone.page.getByRole('button', { name: 'Aller au dernier message, 1 nouveau' }).click();
  await eventually(async () => assert.equal(await log.evaluate((box) => Math.round(box.scrollTop)), 0));
});
