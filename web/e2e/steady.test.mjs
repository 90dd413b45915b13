// What must not move or close under the viewer's finger, whatever happens meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aConversation, say } from '../../tests/support/people.mjs';
import { phoneOf } from './support/browser.mjs';

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="420"><path d="M0 0h640v420H0z" /></svg>';
const PHOTO = 'https://photos.example.ci/colis.svg';

/** Opens a room whose details, quick replies and photos arrive once `release` is called with their name. */
async function openedSlowly(viewer, { id }) {
  const phone = await phoneOf(viewer);
  const releases = {};
  const hold = async (name, url, answer) => {
    const released = new Promise((done) => (releases[name] = done));
    await phone.page.context().route(url, async (route) => {
      await released;
      await answer(route);
    });
  };
  await hold('details', `**/rooms/${id}/`, (route) => route.continue());
  await hold('quick replies', `**/rooms/${id}/quick_replies/`, (route) => route.continue());
  await hold('photos', PHOTO, (route) => route.fulfill({ body: SVG, contentType: 'image/svg+xml' }));
  await phone.page.evaluate((room) => (window.location.hash = `room=${room}`), id);
  return { phone, release: (name) => releases[name]() };
}

/** Records where an element is in each painted frame. Returns a function that stops and fails if it moved. */
async function watchPlace(page, locator) {
  await locator.evaluate((element) => {
    const tops = [];
    let isWatched = true;
    // A new observer reports once what its frame paints. A measurement at another time could see a layout that is
    // corrected before it is painted.
    const look = () => {
      const observer = new IntersectionObserver(([{ boundingClientRect }]) => {
        observer.disconnect();
        tops.push(Math.round(boundingClientRect.top));
        if (isWatched) requestAnimationFrame(look);
      });
      observer.observe(element);
    };
    look();
    window.stopWatching = () => {
      isWatched = false;
      return tops.filter((top, at) => top !== tops[at - 1]);
    };
  });
  return async () => {
    const tops = await page.evaluate(() => new Promise((done) => setTimeout(() => done(window.stopWatching()), 100)));
    assert.ok(Math.max(...tops) - Math.min(...tops) < 3, `it was at ${tops.join(', ')}`);
  };
}

test('the newest message stays where it is while the rest of the room is loaded', async () => {
  const { driver, room } = await aConversation({ initial_message: 'Bonjour' });
  const { phone, release } = await openedSlowly(driver, room);
  await phone.bubble('Bonjour').waitFor();
  const assertStill = await watchPlace(phone.page, phone.bubble('Bonjour'));
  release('details');
  await phone.page.locator('.route').waitFor();
  release('quick replies');
  await phone.page.getByRole('group', { name: 'Réponses rapides' }).waitFor();
  await assertStill();
});

test('a press on a button counts although the rest of the room is loaded meanwhile', async () => {
  const { driver, room } = await aConversation({ initial_message: 'Bonjour' });
  const { phone, release } = await openedSlowly(driver, room);
  const { mouse } = phone.page;
  const { x, y, width, height } = await phone.bubble('Bonjour').getByRole('button', { name: 'Actions' }).boundingBox();
  await mouse.move(x + width / 2, y + height / 2);
  await mouse.down();
  release('details');
  release('quick replies');
  await phone.page.getByRole('group', { name: 'Réponses rapides' }).waitFor();
  await mouse.up();
  await phone.page.getByRole('button', { name: 'Copier le texte' }).waitFor({ timeout: 5_000 });
});

test('nothing moves what the viewer reads above the newest message', async () => {
  const { driver, client, room } = await aConversation();
  const messages = [];
  for (let n = 1; n <= 40; n += 1) messages.push(await say(client, room, `message ${n}.`));
  await driver.post(`rooms/${room.id}/mark_as_read/`);
  const { phone, release } = await openedSlowly(driver, room);
  const { page } = phone;
  const log = page.getByRole('log');
  await phone.bubble('message 40.').waitFor();
  await log.evaluate((box) => box.scrollTo(0, -600));
  await page.getByRole('button', { name: 'Aller au dernier message' }).waitFor();
  const assertStill = await watchPlace(page, phone.bubble('message 27.'));

  // The bar above the messages grows, and the one below.
  release('details');
  await page.locator('.route').waitFor();
  release('quick replies');
  await page.getByRole('group', { name: 'Réponses rapides' }).waitFor();
  await phone.composer.fill('un\ndeux\ntrois\nquatre');
  await driver.put(`blocks/${client.id}/`);
  await page.getByText('Vous avez bloqué cette personne.').waitFor();
  await driver.delete(`blocks/${client.id}/`);
  await page.getByText('Vous avez bloqué cette personne.').waitFor({ state: 'detached' });
  // Messages are added below, grow and shrink, below and above.
  await say(client, room, 'nouveau');
  await phone.bubble('nouveau').waitFor({ state: 'attached' });
  for (const at of [5, 35]) {
    await client.patch(`messages/${messages[at].id}/`, { text: `corrigé ${at}\n2\n3\n4\n5` });
    await phone.bubble(`corrigé ${at}`).waitFor({ state: 'attached' });
    await client.delete(`messages/${messages[at].id}/`);
    await phone.bubble(`corrigé ${at}`).waitFor({ state: 'detached' });
  }
  await say(client, room, 'le colis', { message_type: 'image', image_url: PHOTO });
  const photo = phone.bubble('le colis').getByRole('img');
  await photo.waitFor({ state: 'attached' });
  release('photos');
  await page.waitForFunction((image) => image.naturalWidth > 0, await photo.elementHandle());
  await assertStill();
  // At the newest message the viewer sees what comes.
  await page.getByRole('button', { name: 'Aller au dernier message' }).click();
  await say(client, room, 'le dernier');
  await phone.bubble('le dernier').waitFor();
  assert.equal(await log.evaluate((box) => Math.round(box.scrollTop)), 0);
  assert.deepEqual(page.mistakes, []);
});
