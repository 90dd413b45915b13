// The life of a message: sent, delivered, read, edited, deleted.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sql } from '../../tests/support/database.mjs';
import { eventually } from '../../tests/support/eventually.mjs';
import { aConversation, say } from '../../tests/support/people.mjs';
import { FIREBASE_HOST } from '../../tests/support/settings.mjs';
import { assertAccessible } from './support/accessible.mjs';
import { configFor, phoneOf } from './support/browser.mjs';
import { aLine } from './support/line.mjs';

/** The driver's phone in a room with one message of theirs, and the client's phone in its list. */
async function twoPhones(options = {}) {
  const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
  const path = `#room=${room.id}`;
  const [drivers, clients] = await Promise.all([phoneOf(driver, { path, ...options }), phoneOf(client)]);
  await Promise.all([drivers.isLive(), clients.isLive(), drivers.bubble('Bonjour').waitFor()]);
  return { driver, client, room, drivers, clients };
}

const menuOf = (phone, words) => phone.bubble(words).getByRole('button', { name: 'Actions' }).click();
const act = (phone, words) => phone.page.getByRole('button', { name: words, exact: true }).click();

test('a message is sent, delivered and read', async () => {
  const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
  const drivers = await phoneOf(driver, { path: `#room=${room.id}` });
  const tick = (words) => drivers.bubble('Bonjour').filter({ hasText: words }).waitFor();
  await tick('Envoyé');
  // The message arrives in the list of the client's phone, and nobody has opened the room.
  const clients = await phoneOf(client);
  await tick('Distribué');
  await drivers.screenshot('delivered');
  await clients.open(/Kouamé Yao/);
  await tick('Lu à');
  // A message out of sight is delivered and not read.
  for (let n = 1; n <= 30; n += 1) await say(driver, room, `message ${n}`);
  await drivers.bubble('message 30').filter({ hasText: 'Lu à' }).waitFor();
  await clients.page.getByRole('log').evaluate((box) => box.scrollTo(0, -600));
  await clients.page.getByRole('button', { name: 'Aller au dernier message' }).waitFor();
  await say(driver, room, 'hors de vue');
  await drivers.bubble('hors de vue').filter({ hasText: 'Distribué' }).waitFor();
  assert.deepEqual(drivers.page.mistakes, []);
});

test('an edit appears on both phones, in the list too', async () => {
  const { drivers, clients } = await twoPhones();
  await menuOf(drivers, 'Bonjour');
  await assertAccessible(drivers.page, 'the actions on a message');
  await drivers.screenshot('actions');
  await act(drivers, 'Modifier');
  const dialog = drivers.page.getByRole('dialog', { name: 'Modifier le message' });
  await dialog.getByRole('textbox', { name: 'Message' }).fill('Bonsoir');
  await dialog.getByRole('button', { name: 'Enregistrer' }).click();
  await drivers.bubble('Bonsoir').getByText('modifié').waitFor();
  await clients.rooms.getByText('Bonsoir').waitFor();
  await clients.open(/Kouamé Yao/);
  await clients.bubble('Bonsoir').getByText('modifié').waitFor();
  assert.equal(await clients.bubble('Bonsoir').getByRole('button', { name: 'Modifier' }).count(), 0);
  assert.deepEqual([...drivers.page.mistakes, ...clients.page.mistakes], []);
});

test('a deletion leaves a tombstone on both phones, and no badge', async () => {
  const { driver, room, drivers, clients } = await twoPhones();
  await clients.badge('1 non lu');
  await menuOf(drivers, 'Bonjour');
  await act(drivers, 'Supprimer');
  await drivers.page.getByRole('dialog').getByRole('button', { name: 'Supprimer' }).click();
  await drivers.bubble('Ce message a été supprimé').waitFor();
  await eventually(async () => assert.equal(await clients.page.getByText('non lu').count(), 0));
  await say(driver, room, 'encore là ?');
  await clients.open(/Kouamé Yao/);
  await clients.bubble('Ce message a été supprimé').waitFor();
  await assertAccessible(clients.page, 'a tombstone');
  assert.deepEqual(await drivers.texts(), ['encore là ?']);
});

test('right click and a long press open the menu, and Escape closes only the menu', async () => {
  const { drivers } = await twoPhones({ hasTouch: true });
  const menu = drivers.page.getByRole('button', { name: 'Copier le texte' });
  const text = drivers.bubble('Bonjour').locator('p');
  await text.click({ button: 'right' });
  await menu.waitFor();
  await drivers.page.keyboard.press('Escape');
  await menu.waitFor({ state: 'detached' });
  assert.match(drivers.page.url(), /#room=/);

  const point = { pointerType: 'touch', isPrimary: true, clientX: 20, clientY: 20, bubbles: true };
  await text.dispatchEvent('pointerdown', point);
  await menu.waitFor({ timeout: 3_000 });
  await text.dispatchEvent('pointerup', point);
  await drivers.page.keyboard.press('Escape');
  // A finger that moves scrolls.
  await text.dispatchEvent('pointerdown', point);
  await text.dispatchEvent('pointermove', { ...point, clientY: 60 });
  await drivers.page.waitForTimeout(800);
  assert.equal(await menu.count(), 0);
});

test('an edit that comes too late shows the server’s words', async () => {
  const { room, drivers } = await twoPhones();
  await menuOf(drivers, 'Bonjour');
  await act(drivers, 'Modifier');
  await sql("UPDATE chat_messages SET created_at = created_at - interval '16 minutes' WHERE chat_room_id = $1", [
    room.id,
  ]);
  const dialog = drivers.page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('trop tard');
  await dialog.getByRole('button', { name: 'Enregistrer' }).click();
  await dialog.getByRole('alert').getByText('le délai est dépassé').waitFor();
});

test('after an interruption, edits and deletions are merged', async () => {
  const { driver, client, room } = await aConversation({ initial_message: 'un' });
  const messages = [await say(driver, room, 'deux'), await say(driver, room, 'trois')];
  const firebase = await aLine(FIREBASE_HOST);
  const config = configFor([client], { firebase: firebase.host });
  const phone = await phoneOf(client, { path: `#room=${room.id}`, config });
  await phone.isLive();
  await phone.bubble('trois').waitFor();
  firebase.cut();
  await driver.patch(`messages/${messages[0].id}/`, { text: 'corrigé' });
  await driver.delete(`messages/${messages[1].id}/`);
  await firebase.restore();
  await phone.bubble('corrigé').waitFor();
  await phone.bubble('Ce message a été supprimé').waitFor();
  assert.deepEqual(await phone.texts(), ['un', 'corrigé']);
});
