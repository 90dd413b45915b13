// Reading: which messages count as seen, where the unread ones begin, and the numbers of the badges.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sql } from '../../tests/support/database.mjs';
import { eventually } from '../../tests/support/eventually.mjs';
import { aClient, aConversation, aDriver, aRoom, say, seenBy } from '../../tests/support/people.mjs';
import { aPage, configFor, phoneOf } from './support/browser.mjs';
import { accessToken } from '../../tests/support/tokens.mjs';

test('only messages that were on the screen become read, from a divider on', async () => {
  const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
  for (let n = 1; n <= 60; n += 1) await say(client, room, `message ${n}`);
  const phone = await phoneOf(driver, { path: `#room=${room.id}` });
  await phone.page.getByText('Nouveaux messages').waitFor();
  const first = phone.bubble('message 1').first();
  assert.ok(await first.isVisible());
  await eventually(async () => {
    const { unread_count: unread } = await seenBy(driver, room);
    assert.ok(unread > 20 && unread < 60, `${unread} are unread`);
  });
  const { unread_count: unread } = await seenBy(driver, room);
  await phone.page.getByRole('button', { name: `Aller au dernier message, ${unread} nouveaux` }).click();
  await eventually(async () => assert.ok((await seenBy(driver, room)).unread_count < unread));
  await phone.screenshot('unread');
});

test('archived rooms with unread messages are counted beside the list', async () => {
  const { driver, client, room } = await aConversation();
  await driver.post(`rooms/${room.id}/archive/`, { archive: true });
  await say(client, room, 'encore là ?');
  const phone = await phoneOf(driver);
  await phone.page.getByText('· 1 non lu').waitFor();
  await phone.page.getByRole('checkbox', { name: /Archivées\s*1 non lu/ }).check();
  await phone.open(/encore là/);
  await eventually(async () => assert.equal((await seenBy(driver, room)).unread_count, 0));
});

test('a new room appears on the other phone', async () => {
  const client = await aClient();
  const phone = await phoneOf(client);
  await phone.page.getByText('Aucune conversation pour le moment.').waitFor();
  const driver = await aDriver();
  await aRoom(driver, client);
  await phone.rooms.getByText('Kouamé Yao').waitFor();
});

test('a deleted user is named so in the list and in the room', async () => {
  const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
  await sql('DELETE FROM users WHERE id = $1', [client.id]);
  const phone = await phoneOf(driver);
  await phone.open(/Utilisateur supprimé/);
  await phone.bubble('Bonjour').waitFor();
  await phone.page.getByRole('heading', { name: 'Utilisateur supprimé' }).waitFor();
  assert.ok(room.id);
  assert.deepEqual(phone.page.mistakes, []);
});

test('a pasted token that cannot be used says why', async () => {
  const driver = await aDriver();
  const page = await aPage({ config: configFor([driver]) });
  await page.getByText('Avec un jeton d’accès').click();
  const sign = async (token) => {
    await page.getByRole('textbox', { name: 'Jeton d’accès (JWT)' }).fill(token);
    await page.getByRole('button', { name: 'Se connecter' }).click();
  };
  await sign('abc');
  await page.getByText('Ce n’est pas un jeton d’accès (JWT).').waitFor();
  const [head, claims] = driver.token.split('.');
  await sign(`${head}.${claims}.${'A'.repeat(43)}`);
  await page
    .getByRole('alert')
    .filter({ hasText: /jeton|token/i })
    .waitFor();
  await sign(accessToken(driver.id));
  await page.waitForURL(new RegExp(`moi=${driver.id}`));
});
