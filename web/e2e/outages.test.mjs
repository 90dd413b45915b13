// Bad networks: no connection, no server, lost responses.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { eventually } from '../../tests/support/eventually.mjs';
import { aConversation, say } from '../../tests/support/people.mjs';
import { BASE_URL, FIREBASE_HOST } from '../../tests/support/settings.mjs';
import { assertAccessible } from './support/accessible.mjs';
import { configFor, phoneOf } from './support/browser.mjs';
import { aLine } from './support/line.mjs';

/** Opens the driver's phone in a room with one message, behind proxies for the API and Firebase that a test can cut. */
async function aPhoneOnTheLine() {
  const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
  const [api, firebase] = await Promise.all([aLine(BASE_URL), aLine(FIREBASE_HOST)]);
  const config = configFor([driver], { api: api.url, firebase: firebase.host });
  const phone = await phoneOf(driver, { path: `#room=${room.id}`, config });
  await phone.bubble('Bonjour').waitFor();
  await Promise.all([phone.isLive(), phone.isLoaded()]);
  return { driver, client, room, api, firebase, phone };
}

const stored = async ({ client, room }) => {
  const { body } = await client.get('messages/', { chat_room_id: room.id, ordering: 'created_at', page_size: 100 });
  return body.results.map(({ text }) => text);
};

const seqsOn = ({ bubbles }) => bubbles.evaluateAll((all) => all.map(({ dataset }) => Number(dataset.seq)));
const upTo = (last) => Array.from({ length: last }, (_, index) => index + 1);

test('messages that were written while the API was down arrive once, in order', async () => {
  const scene = await aPhoneOnTheLine();
  const { phone, api } = scene;
  api.cut();
  await phone.write('un');
  await phone.write('deux');
  await phone.page.getByText('Hors connexion').waitFor();
  await eventually(async () => assert.deepEqual(await phone.texts(), ['Bonjour', 'un', 'deux']));
  assert.equal(await phone.page.locator('[data-waiting]').count(), 2);
  await phone.screenshot('pending');
  await assertAccessible(phone.page, 'without a connection');

  await api.restore();
  await eventually(async () => assert.equal(await phone.page.locator('[data-waiting]').count(), 0), 40_000);
  assert.deepEqual(await phone.texts(), ['Bonjour', 'un', 'deux']);
  assert.deepEqual(await stored(scene), ['Bonjour', 'un', 'deux']);
  await eventually(async () => assert.equal(await phone.page.getByText('Hors connexion').count(), 0), 10_000);
});

test('the browser’s offline event shows at once, and a stuck message can be cancelled', async () => {
  const { phone } = await aPhoneOnTheLine();
  await phone.page.context().setOffline(true);
  await phone.page.getByText('Hors connexion').waitFor({ timeout: 5_000 });
  await phone.write('sans réponse');
  const stuck = phone.page.getByRole('alert').filter({ hasText: 'Toujours pas envoyé. Pas de réponse du serveur.' });
  await stuck.waitFor({ timeout: 40_000 });
  await assertAccessible(phone.page, 'a stuck message');
  await stuck.getByRole('button', { name: 'Annuler l’envoi' }).click();
  await eventually(async () => assert.deepEqual(await phone.texts(), ['Bonjour']));
});

test('without a connection a room shows the stored messages, and a draft survives a reload', async () => {
  const { phone, api, firebase } = await aPhoneOnTheLine();
  await phone.page.locator('.room').waitFor({ state: 'attached' });
  await phone.composer.fill('à terminer');
  api.cut();
  firebase.cut();
  await phone.page.reload();
  await phone.bubble('Bonjour').waitFor();
  await eventually(async () => assert.equal(await phone.composer.inputValue(), 'à terminer'));
  await phone.page.keyboard.press('Escape');
  await phone.rooms.getByText('Jean Dupont').waitFor();
});

test('a message whose response is lost is sent again, stored once and never shown twice', async () => {
  const scene = await aPhoneOnTheLine();
  const { phone, api } = scene;
  await phone.page.evaluate(() => {
    window.mostBubbles = 0;
    const count = () =>
      (window.mostBubbles = Math.max(window.mostBubbles, document.querySelectorAll('.bubble').length));
    new MutationObserver(count).observe(document.body, { childList: true, subtree: true });
  });
  const lost = api.loseAnswerTo('une seule fois');
  await phone.write('une seule fois');
  await lost;
  await phone.bubble('une seule fois').filter({ hasText: 'Envoyé' }).waitFor();
  assert.deepEqual(await stored(scene), ['Bonjour', 'une seule fois']);
  assert.deepEqual(await phone.texts(), ['Bonjour', 'une seule fois']);
  assert.equal(await phone.page.evaluate(() => window.mostBubbles), 2);
});

test('an unsent message survives a reload', async () => {
  const scene = await aPhoneOnTheLine();
  const { phone, api } = scene;
  api.cut();
  await phone.write('à garder');
  await phone.page.locator('[data-waiting]').waitFor();
  await phone.page.reload();
  await phone.bubble('à garder').waitFor();
  await api.restore();
  await eventually(async () => assert.deepEqual(await stored(scene), ['Bonjour', 'à garder']), 40_000);
});

test('after an offline time the gap is filled, also where Firebase no longer has all of it', async () => {
  const { phone, api, firebase, client, room } = await aPhoneOnTheLine();
  api.cut();
  firebase.cut();
  for (let n = 2; n <= 70; n += 1) await say(client, room, `message ${n}`);
  await Promise.all([api.restore(), firebase.restore()]);
  await eventually(async () => assert.deepEqual(await seqsOn(phone), upTo(70)), 60_000);
  await say(client, room, 'en direct');
  await phone.bubble('en direct').waitFor();
});

test('without Firebase the conversation still works, only slower', async () => {
  const { phone, firebase, client, room } = await aPhoneOnTheLine();
  firebase.cut();
  await phone.write('vous m’entendez ?');
  await phone.bubble('vous m’entendez ?').filter({ hasText: 'Envoyé' }).waitFor();
  await say(client, room, 'oui');
  await phone.bubble('oui').waitFor({ timeout: 40_000 });
});

test('a rejected message stays with its reason and can be removed', async () => {
  const { phone } = await aPhoneOnTheLine();
  await phone.page.context().route('**/api/v1/chat/messages/', (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    return route.fulfill({
      status: 400,
      headers: { 'access-control-allow-origin': '*' },
      json: { non_field_errors: ['Cette conversation n’est plus active.'] },
    });
  });
  await phone.write('trop tard');
  await phone.page.getByText('Non envoyé : Cette conversation n’est plus active.').waitFor();
  await phone.page.getByRole('button', { name: 'Supprimer' }).click();
  await eventually(async () => assert.deepEqual(await phone.texts(), ['Bonjour']));
});
