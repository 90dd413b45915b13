// Writing: the composer, its limit, links, copying, photos and positions.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { eventually } from '../../tests/support/eventually.mjs';
import { aConversation, say } from '../../tests/support/people.mjs';
import { assertAccessible } from './support/accessible.mjs';
import { phoneOf } from './support/browser.mjs';

async function anOpenRoom(options = {}) {
  const { driver, client, room } = await aConversation({ initial_message: 'Bonjour' });
  const phone = await phoneOf(driver, { path: `#room=${room.id}`, ...options });
  await phone.bubble('Bonjour').waitFor();
  return { driver, client, room, phone };
}

test('the focus stays in the composer after a tap on send', async () => {
  const { phone } = await anOpenRoom({ hasTouch: true });
  await phone.composer.fill('un');
  await phone.page.getByRole('button', { name: 'Envoyer', exact: true }).tap();
  await phone.bubble('un').waitFor();
  assert.equal(await phone.page.evaluate(() => document.activeElement.tagName), 'TEXTAREA');
});

test('the Enter that ends a composed character does not send, in Safari either', async () => {
  const { phone } = await anOpenRoom();
  await phone.composer.fill('こん');
  const press = (init) =>
    phone.composer.evaluate((field, event) => {
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...event }));
    }, init);
  await press({ keyCode: 229 });
  await press({ isComposing: true });
  assert.equal(await phone.composer.inputValue(), 'こん');
  await press({});
  await phone.bubble('こん').waitFor();
});

test('a text over 5,000 characters is counted and not sent, and nothing of it is cut', async () => {
  const { phone } = await anOpenRoom();
  const text = '😀'.repeat(5_001);
  await phone.composer.fill(text);
  await phone.page.getByText(/5\s001 \/ 5\s000 caractères/).waitFor();
  assert.ok(await phone.page.getByRole('button', { name: 'Envoyer', exact: true }).isDisabled());
  await phone.composer.press('Enter');
  assert.equal(await phone.composer.inputValue(), text);
  await phone.composer.fill(text.slice(2));
  await phone.composer.press('Enter');
  await phone.bubble('😀😀').filter({ hasText: 'Envoyé' }).waitFor();
});

test('addresses and phone numbers are links, and markup is text', async () => {
  const { phone, client, room } = await anOpenRoom();
  await say(client, room, '<b>voir</b> https://example.ci/a?b=1 ou +225 07 01 02 03 04');
  const bubble = phone.bubble('<b>voir</b>');
  await bubble.waitFor();
  const links = await bubble.getByRole('link').evaluateAll((all) => all.map(({ href, rel }) => [href, rel]));
  assert.deepEqual(links, [
    ['https://example.ci/a?b=1', 'noopener noreferrer'],
    ['tel:+2250701020304', 'noopener noreferrer'],
  ]);
});

test('a text can be copied from the menu of its bubble', async () => {
  const { phone } = await anOpenRoom({ permissions: ['clipboard-read', 'clipboard-write'] });
  await phone.bubble('Bonjour').getByRole('button', { name: 'Actions' }).click();
  await assertAccessible(phone.page, 'the menu of a bubble');
  await phone.page.getByRole('button', { name: 'Copier le texte' }).click();
  await phone.page.getByText('Copié').waitFor();
  assert.equal(await phone.page.evaluate(() => navigator.clipboard.readText()), 'Bonjour');
  await phone.page.keyboard.press('Escape');
  assert.equal(await phone.page.getByText('Copié').count(), 0);
  assert.match(phone.page.url(), /#room=/, 'Escape closed the menu, not the room');
  await phone.page.keyboard.press('Escape');
  await eventually(() => assert.doesNotMatch(phone.page.url(), /#room=/));
});

test('a photo opens in place', async () => {
  const { phone, client, room } = await anOpenRoom();
  const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
  await phone.page
    .context()
    .route('https://photos.example.ci/**', (route) => route.fulfill({ body: pixel, contentType: 'image/gif' }));
  await say(client, room, 'le colis', { message_type: 'image', image_url: 'https://photos.example.ci/colis.gif' });
  await phone.page.getByRole('button', { name: 'Agrandir : le colis' }).click();
  const dialog = phone.page.getByRole('dialog', { name: 'le colis' });
  await dialog.waitFor();
  await assertAccessible(phone.page, 'a photo');
  await phone.page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.match(phone.page.url(), /#room=/);
});

test('no position is sent that the user has not chosen', async () => {
  const { phone } = await anOpenRoom();
  await phone.page.getByRole('button', { name: 'Envoyer une position' }).click();
  const dialog = phone.page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Envoyer' }).click();
  assert.ok(await dialog.isVisible(), 'empty fields are not sent');
  assert.equal(await dialog.getByRole('spinbutton', { name: 'Latitude' }).inputValue(), '');
});
