// `/?deux`: two phones side by side and the events between them. This test takes the README's picture.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { eventually } from '../../tests/support/eventually.mjs';
import { aClient, aDelivery, aDriver } from '../../tests/support/people.mjs';
import { assertAccessible } from './support/accessible.mjs';
import { aPage, configFor } from './support/browser.mjs';
import { SCREENSHOTS } from './support/settings.mjs';

async function twoPhones(config) {
  const page = await aPage({ path: '/?deux', config, viewport: { width: 1400, height: 840 } });
  const phones = ['first', 'last'].map((which) => page.locator('iframe')[which]().contentFrame());
  for (const phone of phones) await phone.getByText('En direct').waitFor();
  return { page, phones, pane: page.getByRole('complementary', { name: 'Ce qui se passe' }) };
}

async function write(phone, words) {
  await phone.getByRole('textbox', { name: 'Votre message' }).fill(words);
  await phone.getByRole('button', { name: 'Envoyer', exact: true }).click();
}

test('two users talk, and the pane shows the timing of each message', async () => {
  const people = {
    driver: await aDriver({ full_name: 'Kouassi Yao' }),
    client: await aClient({ full_name: 'Aya Koné' }),
  };
  const { id, tracking_number } = await aDelivery(people);
  const { driver, client } = people;
  const deliveries = [{ id, tracking_number, driver_id: driver.id, client_id: client.id, merchant_id: null }];
  const { page, phones, pane } = await twoPhones(configFor([driver, client], { deliveries }));
  const [drivers, clients] = phones;

  await drivers.getByRole('button', { name: 'Nouvelle conversation' }).click();
  await drivers.getByRole('button', { name: 'Bonjour, je suis votre livreur' }).click();
  await drivers.getByRole('button', { name: 'Ouvrir' }).click();
  await clients.getByRole('link', { name: /Kouassi/ }).click();

  // The pane shows when a message was stored, echoed, seen and read.
  const arrives = async (words) => {
    const way = pane.getByRole('row').filter({ hasText: words });
    await eventually(async () => assert.match(await way.innerText(), /(\s+\d+ ms){4}$/));
  };
  const say = async (phone, words) => {
    await write(phone, words);
    await arrives(words);
  };
  await say(clients, 'Bonjour ! Où êtes-vous ?');
  await say(drivers, 'J’arrive dans 5 minutes');
  await drivers.getByRole('button', { name: 'Envoyer une position' }).click();
  const dialog = drivers.getByRole('dialog');
  await dialog.getByRole('spinbutton', { name: 'Latitude' }).fill('5.345317');
  await dialog.getByRole('spinbutton', { name: 'Longitude' }).fill('-4.024429');
  await dialog.getByRole('textbox', { name: 'Message (facultatif)' }).fill('Je suis ici');
  await dialog.getByRole('button', { name: 'Envoyer' }).click();
  await arrives('Je suis ici');
  await say(clients, 'Parfait, je vous attends au portail');
  await say(drivers, 'Je suis arrivé');

  await clients.getByRole('textbox', { name: 'Votre message' }).pressSequentially('Merci beau');
  await drivers.getByText('Aya Koné est en train d’écrire…').waitFor();
  await pane.getByText('child_added').first().waitFor();
  await page.screenshot({ path: `${SCREENSHOTS}two-phones.png` });
  await assertAccessible(page, 'two phones');
  assert.deepEqual(page.mistakes, []);
});

test('the stack’s own page has its demo users signed in', async () => {
  const { phones } = await twoPhones();
  const [drivers, clients] = phones;
  // The two users may already have a room.
  await drivers.getByRole('button', { name: 'Nouvelle conversation' }).click();
  await drivers.getByRole('button', { name: 'Ouvrir' }).click();
  const words = `message de ${Date.now()}`;
  await write(drivers, words);
  await clients.getByRole('link', { name: words }).click();
  await clients.getByRole('log').getByText(words).waitFor();
});
