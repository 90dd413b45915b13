// The API guide's scenario, "Driver envoie un message à un client", on two phones: real Chromium, SDK and API.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { eventually } from '../../tests/support/eventually.mjs';
import { aClient, aDelivery, aDriver } from '../../tests/support/people.mjs';
import { configFor, phoneOf } from './support/browser.mjs';

/** A photo of a parcel that really loads. */
const PARCEL = `
  <svg xmlns="http://www.w3.org/2000/svg" width="640" height="420">
    <path fill="#c9b79c" d="M0 0h640v420H0z" />
    <path fill="#8b98a5" d="M0 330h640v90H0z" />
    <path fill="#2f5d50" d="M390 40h170v290H390z" />
    <circle fill="#e8c66a" cx="412" cy="190" r="8" />
    <path fill="#b98450" d="M90 210h220v150H90z" />
    <path fill="#d8aa74" d="M180 210h40v150h-40z" />
  </svg>`;
const PHOTO = 'https://res.cloudinary.com/relais/colis.svg';

describe('a driver and a client', () => {
  let drivers;
  let clients;

  before(async () => {
    const [driver, client] = await Promise.all([aDriver(), aClient()]);
    const { id, tracking_number } = await aDelivery({ driver, client });
    const deliveries = [{ id, tracking_number, driver_id: driver.id, client_id: client.id, merchant_id: null }];
    const config = configFor([driver, client], { deliveries });
    [drivers, clients] = await Promise.all([phoneOf(driver, { config }), phoneOf(client, { config })]);
    for (const phone of [drivers, clients]) {
      await phone.page.context().route(PHOTO, (route) => route.fulfill({ body: PARCEL, contentType: 'image/svg+xml' }));
      await phone.isLive();
    }
  });

  test('the driver opens the conversation with a suggested first message', async () => {
    await drivers.page.getByRole('button', { name: 'Nouvelle conversation' }).click();
    const dialog = drivers.page.getByRole('dialog', { name: 'Nouvelle conversation' });
    await dialog.getByRole('button', { name: 'Bonjour, je suis votre livreur' }).click();
    await drivers.screenshot('new-conversation');
    await dialog.getByRole('button', { name: 'Ouvrir' }).click();
    await drivers.bubble('Bonjour, je suis votre livreur').waitFor();
  });

  test('the client’s list shows it with a badge', async () => {
    await clients.rooms.getByText('1 non lu', { exact: true }).waitFor({ state: 'attached' });
    await clients.screenshot('badge');
  });

  test('the badge counts while the list is open, and the page’s title shows the total', async () => {
    await drivers.write('J’arrive dans 5 minutes');
    await clients.rooms.getByText('2 non lus', { exact: true }).waitFor({ state: 'attached' });
    await clients.rooms.getByText('J’arrive dans 5 minutes').waitFor();
    await eventually(async () => assert.match(await clients.page.title(), /^\(2\) /));
  });

  test('nothing is read before the client opens the room', async () => {
    assert.equal(await drivers.bubbles.filter({ hasText: 'Lu à' }).count(), 0);
  });

  test('when the client opens it, the badge disappears and the driver sees both as read', async () => {
    await clients.open(/Kouamé Yao/);
    await clients.bubble('J’arrive dans 5 minutes').waitFor();
    await drivers.bubbles.filter({ hasText: 'Lu à' }).nth(1).waitFor();
    await eventually(async () => assert.doesNotMatch(await clients.page.title(), /\(/));
  });

  test('typing appears on the other phone, and disappears', async () => {
    await clients.composer.pressSequentially('Parf');
    await drivers.typing.getByText('Jean Dupont est en train d’écrire…').waitFor();
    await drivers.screenshot('typing');
    await clients.composer.fill('');
    await eventually(async () => assert.equal(await drivers.typing.textContent(), ''));
  });

  test('typing that is interrupted ends after a while', async () => {
    await clients.composer.pressSequentially('Parfait');
    await drivers.typing.getByText('Jean Dupont est en train d’écrire…').waitFor();
    await eventually(async () => assert.equal(await drivers.typing.textContent(), ''), 8_000);
  });

  test('the client responds, and the driver, who has the room open, reads it at once', async () => {
    await clients.write('Parfait, je vous attends');
    await drivers.bubble('Parfait, je vous attends').waitFor();
    await clients.bubble('Parfait, je vous attends').filter({ hasText: 'Lu à' }).waitFor();
  });

  test('a photo by its address', async () => {
    await drivers.page.getByRole('button', { name: 'Envoyer une photo' }).click();
    await drivers.page.getByRole('textbox', { name: 'Adresse de la photo (https)' }).fill(PHOTO);
    await drivers.page.getByRole('textbox', { name: 'Légende (facultative)' }).fill('Voici la photo');
    await drivers.page.getByRole('dialog').getByRole('button', { name: 'Envoyer' }).click();
    const photo = clients.page.getByRole('img', { name: 'Voici la photo' });
    await photo.scrollIntoViewIfNeeded();
    await eventually(async () => assert.equal(await photo.evaluate((image) => image.naturalWidth), 640));
  });

  test('a position, with a link to the map', async () => {
    await drivers.page.getByRole('button', { name: 'Envoyer une position' }).click();
    const dialog = drivers.page.getByRole('dialog');
    await dialog.getByRole('spinbutton', { name: 'Latitude' }).fill('5.345317');
    await dialog.getByRole('spinbutton', { name: 'Longitude' }).fill('-4.024429');
    await dialog.getByRole('button', { name: 'Envoyer' }).click();
    const place = clients.page.getByRole('link', { name: 'Position 5,34532° N, 4,02443° O, sur la carte' });
    await place.waitFor();
    assert.match(
      await place.getAttribute('href'),
      /^https:\/\/www\.openstreetmap\.org\/\?mlat=5\.345317&mlon=-4\.024429/,
    );
    await clients.screenshot('photo-and-position');
  });

  test('each phone shows each message once, in order, and made no mistake', async () => {
    for (const { bubbles, page } of [drivers, clients]) {
      const seqs = await bubbles.evaluateAll((all) => all.map(({ dataset }) => dataset.seq));
      assert.deepEqual(seqs, ['1', '2', '3', '4', '5']);
      assert.deepEqual(page.mistakes, []);
    }
  });
});
