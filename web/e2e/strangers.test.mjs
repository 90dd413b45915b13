// A user who is not a participant sees nothing of a room: not in the list, not by its address, not live.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { aConversation, aDriver, anAdmin, say } from '../../tests/support/people.mjs';
import { phoneOf } from './support/browser.mjs';

for (const [who, aStranger] of [
  ['another driver', aDriver],
  ['an admin', anAdmin],
]) {
  test(`${who} sees nothing`, async () => {
    const { driver, room } = await aConversation({ initial_message: 'entre nous' });
    const phone = await phoneOf(await aStranger());
    await phone.page.getByText('Aucune conversation pour le moment.').waitFor();
    await phone.isLive();

    await phone.page.evaluate((id) => (location.hash = `room=${id}`), room.id);
    await phone.page.getByText('Cette conversation ne peut pas être ouverte').waitFor();
    await say(driver, room, 'toujours entre nous');
    await phone.page.waitForTimeout(1_500);
    assert.doesNotMatch(await phone.page.locator('body').innerText(), /entre nous/);
    assert.deepEqual(await phone.texts(), []);
  });
}

test('a token that the API rejects leads back to the sign-in', async () => {
  const phone = await phoneOf({ ...(await aDriver()), token: 'not.a.token' });
  await phone.page.getByText('Votre session a expiré').waitFor();
  await phone.page.getByRole('link', { name: 'Se connecter' }).click();
  await phone.page.getByRole('heading', { name: 'Relais' }).waitFor();
});
