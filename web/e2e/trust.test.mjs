// Reporting a message, and blocking a person.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sql } from '../../tests/support/database.mjs';
import { eventually } from '../../tests/support/eventually.mjs';
import { aConversation, say } from '../../tests/support/people.mjs';
import { assertAccessible } from './support/accessible.mjs';
import { phoneOf } from './support/browser.mjs';

const WORDS = 'Vous ne pouvez pas écrire à cette personne.';

/** Both phones in a room, where the driver has written something bad. */
async function twoPhones() {
  const { driver, client, room } = await aConversation();
  const bad = await say(driver, room, 'Je sais où tu habites');
  const path = `#room=${room.id}`;
  const [drivers, clients] = await Promise.all([phoneOf(driver, { path }), phoneOf(client, { path })]);
  for (const phone of [drivers, clients]) await phone.bubble('Je sais où').waitFor();
  return { driver, client, room, bad, drivers, clients };
}

const act = async ({ page, bubble }, action) => {
  await bubble('Je sais où').getByRole('button', { name: 'Actions' }).click();
  await page.getByRole('button', { name: action, exact: true }).click();
};

test('a received message is reported with a reason and a comment', async () => {
  const { client, bad, drivers, clients } = await twoPhones();
  await drivers.bubble('Je sais où').getByRole('button', { name: 'Actions' }).click();
  assert.equal(await drivers.page.getByRole('button', { name: 'Signaler' }).count(), 0, 'not one’s own');

  await act(clients, 'Signaler');
  const dialog = clients.page.getByRole('dialog', { name: 'Signaler le message' });
  await dialog.getByRole('combobox', { name: 'Raison' }).selectOption('Harcèlement ou menaces');
  await dialog.getByRole('textbox', { name: 'Commentaire (facultatif)' }).fill('Il me menace.');
  await assertAccessible(clients.page, 'a report');
  await dialog.getByRole('button', { name: 'Signaler' }).click();
  await dialog.waitFor({ state: 'detached' });
  const reports = await sql('SELECT reporter_id, reason, comment FROM chat_reports WHERE message_id = $1', [bad.id]);
  assert.deepEqual(
    reports.map((row) => ({ ...row })),
    [{ reporter_id: client.id, reason: 'harassment', comment: 'Il me menace.' }],
  );
});

test('a blocked person cannot write, sees why, and can again after the block', async () => {
  const { drivers, clients } = await twoPhones();
  await act(clients, 'Bloquer');
  await assertAccessible(clients.page, 'before blocking');
  await clients.page.getByRole('dialog').getByRole('button', { name: 'Bloquer' }).click();
  await clients.page.getByText('Vous avez bloqué cette personne.').waitFor();
  await drivers.page.getByText(WORDS).waitFor();
  assert.equal(await drivers.composer.count(), 0);
  await drivers.screenshot('blocked');
  await assertAccessible(drivers.page, 'blocked');

  await clients.page.getByRole('button', { name: 'Débloquer' }).click();
  await drivers.composer.waitFor();
  await drivers.write('Pardon');
  await clients.bubble('Pardon').waitFor();
  await eventually(async () => assert.equal(await clients.page.getByText('Vous avez bloqué').count(), 0));
  assert.deepEqual([...drivers.page.mistakes, ...clients.page.mistakes], []);
});
