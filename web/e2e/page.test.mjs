// The page: keyboard, screen readers, light and dark, narrow and wide.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { sql } from '../../tests/support/database.mjs';
import { eventually } from '../../tests/support/eventually.mjs';
import { aClient, aConversation, anAdmin, aDriver, aRoom, say } from '../../tests/support/people.mjs';
import { assertAccessible } from './support/accessible.mjs';
import { aPage, configFor, DESKTOP, PHONE, phoneOf } from './support/browser.mjs';

for (const colorScheme of ['light', 'dark']) {
  for (const [size, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
    test(`${colorScheme}, on a ${size}: axe finds no accessibility error`, async () => {
      const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
      await say(client, room, 'Je vous attends');
      await say(client, room, '', { message_type: 'location', latitude: 5.345317, longitude: -4.024429 });
      const config = configFor([driver, client]);
      const signIn = await aPage({ config, viewport, colorScheme });
      await signIn.getByRole('link', { name: /Kouamé Yao/ }).waitFor();
      await assertAccessible(signIn, 'signing in');

      const phone = await phoneOf(driver, { config, viewport, colorScheme });
      await phone.rooms.getByText('Jean Dupont').waitFor();
      await assertAccessible(phone.page, 'list');
      await phone.page.getByRole('button', { name: 'Ce qui se passe' }).click();
      await phone.page.getByRole('complementary', { name: 'Ce qui se passe' }).waitFor();
      await assertAccessible(phone.page, 'what happens');
      await phone.page.getByRole('button', { name: 'Ce qui se passe' }).click();
      await phone.page.getByRole('button', { name: 'Nouvelle conversation' }).click();
      await assertAccessible(phone.page, 'new conversation');
      await phone.page.keyboard.press('Escape');

      await phone.open(/Jean Dupont/);
      await phone.bubble('Je vous attends').waitFor();
      await assertAccessible(phone.page, 'conversation');
      await phone.screenshot(`conversation-${size}-${colorScheme}`);
      const overflow = await phone.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, 'nothing sticks out to the right');
    });
  }
}

test('the keyboard alone finds the conversation, writes and goes back', async () => {
  const { driver, room } = await aConversation({ initial_message: 'Bonjour' });
  const phone = await phoneOf(driver);
  const { keyboard } = phone.page;
  const focused = () => phone.page.evaluate(() => document.activeElement.outerHTML);
  const tabTo = async (pattern) => {
    for (let n = 0; n < 30; n += 1) {
      await keyboard.press('Tab');
      if (pattern.test(await focused())) return;
    }
    assert.fail(`no way to ${pattern}`);
  };
  await phone.rooms.getByText('Jean Dupont').waitFor();
  await tabTo(/class="room"/);
  await keyboard.press('Enter');
  await phone.bubble('Bonjour').waitFor();
  await tabTo(/Votre message/);
  await keyboard.type('première ligne');
  await keyboard.press('Shift+Enter');
  await keyboard.type('seconde');
  await keyboard.press('Enter');
  await phone.bubble('seconde').filter({ hasText: 'Envoyé' }).waitFor();
  assert.deepEqual(await phone.texts(), ['Bonjour', 'première ligne\nseconde']);
  await phone.page.goBack();
  await phone.rooms.getByText('première ligne').waitFor();
  assert.match(await focused(), /class="room"/, 'where they left the list');
  assert.equal(new URL(phone.page.url()).hash.includes(room.id), false);
});

describe('the list', () => {
  test('is searched by name, with or without accents', async () => {
    const driver = await aDriver();
    for (const full_name of ['Aya Koné', 'Jean Dupont']) await aRoom(driver, await aClient({ full_name }));
    const phone = await phoneOf(driver);
    await phone.rooms.getByText('Aya Koné').waitFor();
    await phone.page.getByRole('searchbox').fill('kone');
    await eventually(async () => assert.equal(await phone.rooms.locator('.room').count(), 1));
    await phone.page.getByRole('searchbox').fill('personne');
    await phone.page.getByText('Aucun résultat.').waitFor();
  });

  test('hides an archived room, shows it on request, and restores it', async () => {
    const { driver } = await aConversation({ initial_message: 'Bonjour' });
    const phone = await phoneOf(driver, { viewport: DESKTOP });
    await phone.open(/Jean Dupont/);
    await phone.page.getByRole('button', { name: 'Archiver la conversation', exact: true }).click();
    await phone.page.getByText('Aucune conversation pour le moment.').waitFor();
    await phone.page.getByRole('checkbox', { name: 'Archivées' }).check();
    await phone.open(/Archivée/);
    await phone.page.getByRole('button', { name: 'Désarchiver la conversation' }).click();
    await phone.page.getByRole('checkbox', { name: 'Archivées' }).uncheck();
    await phone.rooms.getByText('Jean Dupont').waitFor();
  });
});

test('a message of the platform is a notice between the two', async () => {
  const { driver, room } = await aConversation({ initial_message: 'Bonjour' });
  const admin = await anAdmin();
  const support = await aRoom(driver, admin);
  await say(admin, support, 'La livraison a été annulée.', { message_type: 'system' });
  // The platform would send this message without a sender. Here an admin sends it, and Firebase has the admin as its
  // sender, so the phone has no Firebase.
  const phone = await phoneOf(driver, {
    path: `#room=${room.id}`,
    config: configFor([driver], { firebase: '127.0.0.1:9' }),
  });
  await phone.page.route(/\/messages\/\?/, async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    const results = body.results.map((message) => ({ ...message, sender: null }));
    await route.fulfill({ response, json: { ...body, results } });
  });
  await phone.page.goto(`${phone.page.url().split('#')[0]}#room=${support.id}`);
  const notice = phone.bubble('La livraison a été annulée.');
  await notice.waitFor();
  assert.match(await notice.getAttribute('class'), /system/);
  const { x, width } = await notice.boundingBox();
  assert.ok(Math.abs(x + width / 2 - PHONE.width / 2) < 2, 'in the middle');
  assert.equal(await notice.getByText('Envoyé').count(), 0);
  assert.deepEqual(phone.page.mistakes, []);
});

test('a room that closes while it is shown accepts no further messages', async () => {
  const { driver, room } = await aConversation({ initial_message: 'Bonjour' });
  const phone = await phoneOf(driver, { path: `#room=${room.id}` });
  await phone.bubble('Bonjour').waitFor();
  const setActive = (isActive) =>
    sql('UPDATE chat_rooms SET is_active = $2, revision = revision + 1 WHERE id = $1', [room.id, isActive]);
  await setActive(false);
  await phone.page.getByText('Cette conversation n’est plus active.').waitFor();
  assert.equal(await phone.composer.count(), 0);
  assert.equal(await phone.bubble('Bonjour').count(), 1);
  await setActive(true);
  await phone.composer.waitFor();
});

test('a user signs in with a token of their own', async () => {
  const { driver } = await aConversation({ initial_message: 'Bonjour' });
  const page = await aPage({ config: configFor([]) });
  await page.getByRole('textbox', { name: 'Jeton d’accès (JWT)' }).fill(driver.token);
  await page.getByRole('button', { name: 'Se connecter' }).click();
  await page.getByRole('link', { name: /Jean Dupont/ }).waitFor();
});
