// What goes with a delivery: quick replies, and the call to a customer who does not respond.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { api } from '../../tests/support/api.mjs';
import { sql } from '../../tests/support/database.mjs';
import { eventually } from '../../tests/support/eventually.mjs';
import { aConversation, say } from '../../tests/support/people.mjs';
import { platformToken } from '../../tests/support/tokens.mjs';
import { assertAccessible } from './support/accessible.mjs';
import { phoneOf } from './support/browser.mjs';

const sendEvent = async (event, delivery) => {
  const body = { event_id: randomUUID(), event, delivery_id: delivery.id };
  assert.equal((await api(`Bearer ${platformToken()}`).post('events/', body)).status, 201);
};
const repliesOn = ({ page }) => page.getByRole('group', { name: 'Réponses rapides' });

test('quick replies suit the delivery, follow it, and are sent with one tap', async () => {
  const { driver, client, delivery, room } = await aConversation();
  const path = `#room=${room.id}`;
  const [drivers, clients] = await Promise.all([phoneOf(driver, { path }), phoneOf(client, { path })]);
  await repliesOn(clients).getByRole('button', { name: 'Bonjour, où en est ma livraison ?' }).waitFor();
  await repliesOn(drivers).getByRole('button', { name: 'Bonjour, je suis votre livreur.' }).click();
  await drivers.bubble('Bonjour, je suis votre livreur.').filter({ hasText: 'Lu à' }).waitFor();
  await clients.bubble('Bonjour, je suis votre livreur.').waitFor();
  assert.equal(await drivers.bubbles.count(), 1);
  await assertAccessible(drivers.page, 'quick replies');

  await sendEvent('arriving', delivery);
  await repliesOn(drivers).getByRole('button', { name: 'Je suis devant chez vous.' }).waitFor();
  await repliesOn(clients).getByRole('button', { name: "J'arrive tout de suite." }).waitFor();
  await drivers.screenshot('quick-replies');
  assert.deepEqual([...drivers.page.mistakes, ...clients.page.mistakes], []);
});

test('the driver calls a customer who does not respond, and any answer ends the call', async () => {
  const { driver, client, delivery, room } = await aConversation();
  await sendEvent('arriving', delivery);
  const said = await say(driver, room, 'Je suis devant chez vous');
  const path = `#room=${room.id}`;
  const drivers = await phoneOf(driver, { path });
  await drivers.bubble('Je suis devant chez vous').waitFor();
  const button = drivers.page.getByRole('button', { name: 'Le client ne répond pas' });
  await repliesOn(drivers).waitFor();
  assert.equal(await button.count(), 0, 'two minutes have not passed');
  await drivers.close();

  await sql("UPDATE chat_messages SET created_at = created_at - interval '2 minutes' WHERE id = $1", [said.id]);
  const [later, clients] = await Promise.all([phoneOf(driver, { path }), phoneOf(client, { path })]);
  await later.page.getByRole('button', { name: 'Le client ne répond pas' }).click();
  await assertAccessible(later.page, 'before the call');
  await later.page.getByRole('dialog').getByRole('button', { name: 'Prévenir le client' }).click();
  await later.page.getByText(/Le client a jusqu’à \d+:\d+ pour répondre/).waitFor();
  await clients.page.getByRole('alert').getByText('ne parvient pas à vous joindre').waitFor();
  assert.match(await clients.page.getByRole('timer').innerText(), /^[45]:\d\d$/);
  await clients.screenshot('called');
  await assertAccessible(clients.page, 'a call');

  await clients.write('J’arrive');
  for (const phone of [later, clients]) {
    await eventually(async () => assert.equal(await phone.page.getByRole('timer').count(), 0));
    assert.deepEqual(phone.page.mistakes, []);
  }
});
