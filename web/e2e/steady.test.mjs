// What must not move or close under the viewer's finger, whatever happens meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sql } from '../../tests/support/database.mjs';
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

test('an open menu survives all that happens to its message, until the message is deleted', async () => {
  const { driver, client, room } = await aConversation();
  const said = await say(driver, room, 'Je suis là');
  const { phone, release } = await openedSlowly(driver, room);
  const { page } = phone;
  const action = (name) => page.getByRole('button', { name, exact: true });
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  await phone.bubble('Je suis là').getByRole('button', { name: 'Actions' }).click();
  await action('Copier le texte').waitFor();

  const events = {
    'the room is loaded': async () => {
      release('details');
      await action('Modifier').waitFor();
    },
    'quick replies appear': async () => {
      release('quick replies');
      await page.getByRole('group', { name: 'Réponses rapides' }).waitFor();
    },
    'it is delivered': async () => {
      await client.post('messages/mark_as_delivered/', { receipts: [{ chat_room_id: room.id, seq: said.seq }] });
      await phone.bubble('Je suis là').filter({ hasText: 'Distribué' }).waitFor();
    },
    'it is read': async () => {
      await client.post(`rooms/${room.id}/mark_as_read/`);
      await phone.bubble('Je suis là').filter({ hasText: 'Lu à' }).waitFor();
    },
    'it is edited on another device': async () => {
      await driver.patch(`messages/${said.id}/`, { text: 'Je suis là, devant' });
      await phone.bubble('Je suis là, devant').waitFor();
    },
    'the other participant writes': async () => {
      await client.post(`rooms/${room.id}/typing/`, { is_typing: true });
      await phone.typing.getByText('en train d’écrire').waitFor();
      await say(client, room, 'J’arrive');
      await phone.bubble('J’arrive').waitFor();
    },
    'the connection is lost and comes back': async () => {
      await page.context().setOffline(true);
      await page.getByText('Hors connexion').waitFor();
      await page.context().setOffline(false);
      await page.getByText('Hors connexion').waitFor({ state: 'detached' });
    },
    'its focused action is no longer possible': async () => {
      await action('Supprimer').focus();
      await sql('UPDATE chat_rooms SET is_active = false, revision = revision + 1 WHERE id = $1', [room.id]);
      await page.getByText('Cette conversation n’est plus active.').waitFor();
      await action('Supprimer').waitFor({ state: 'detached' });
    },
  };
  for (const [what, happen] of Object.entries(events)) {
    await happen();
    assert.ok(await action('Copier le texte').isVisible(), what);
  }
  assert.equal(await focused(), 'Copier le texte');
  await sql('UPDATE chat_rooms SET is_active = true, revision = revision + 1 WHERE id = $1', [room.id]);
  await driver.delete(`messages/${said.id}/`);
  await phone.bubble('Ce message a été supprimé').waitFor();
  assert.equal(await action('Copier le texte').count(), 0);
  assert.deepEqual(page.mistakes, []);
});

test('a menu closes when the viewer turns to something else', async () => {
  const { driver, room } = await aConversation({ initial_message: 'Bonjour' });
  const phone = await phoneOf(driver, { path: `#room=${room.id}`, viewport: { width: 1280, height: 800 } });
  const open = async () => {
    await phone.bubble('Bonjour').getByRole('button', { name: 'Actions' }).click();
    await menu.waitFor();
  };
  const menu = phone.page.getByRole('button', { name: 'Copier le texte' });
  const closed = () => menu.waitFor({ state: 'detached' });
  await open();
  await phone.composer.click();
  await closed();
  await open();
  await phone.bubble('Bonjour').getByRole('button', { name: 'Actions' }).click();
  await closed();
  await open();
  await phone.page.keyboard.press('Shift+Tab');
  await phone.page.keyboard.press('Shift+Tab');
  await closed();
  await open();
  await phone.page.getByRole('heading', { name: 'Jean Dupont' }).click();
  await closed();
});
