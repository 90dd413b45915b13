// The list and the badges are live: Firebase events, no polling.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { eventually } from '../../tests/support/eventually.mjs';
import { aClient, aDriver, aRoom, say, seenBy } from '../../tests/support/people.mjs';
import { BASE_URL, FIREBASE_HOST } from '../../tests/support/settings.mjs';
import { configFor, phoneOf } from './support/browser.mjs';
import { aLine } from './support/line.mjs';

/** A client's phone with a list of two rooms, and their drivers. */
async function aList(options) {
  const client = await aClient();
  const drivers = [await aDriver({ full_name: 'Kouamé Yao' }), await aDriver({ full_name: 'Aya Koné' })];
  const rooms = [];
  for (const driver of drivers) rooms.push(await aRoom(driver, client, { initial_message: 'Bonjour' }));
  const phone = await phoneOf(client, options?.(client));
  await phone.isLive();
  await phone.badge('2 non lus');
  return { client, drivers, rooms, phone };
}

/** Collects the phone's calls to the API, other than reports that messages have arrived. */
function callsOf({ page }) {
  const calls = [];
  page.on('request', (request) => {
    const url = request.url();
    if (url.startsWith(BASE_URL) && !url.endsWith('/messages/mark_as_delivered/')) calls.push(url);
  });
  return calls;
}

const namesOn = ({ page }) => page.locator('.room .name > span').allTextContents();

test('a message moves its room up and counts within 100 ms of the reply, by Firebase events alone', async () => {
  const { client, drivers, rooms, phone } = await aList();
  const calls = callsOf(phone);
  await phone.page.evaluate(() => {
    window.shownAt = {};
    const look = () => {
      const [first] = document.querySelectorAll('.room');
      window.shownAt[first.querySelector('.last').textContent] ??= Date.now();
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  });

  const delays = [];
  for (let n = 0; n < 10; n += 1) {
    await say(drivers[n % 2], rooms[n % 2], `message ${n}`);
    const repliedAt = Date.now();
    await eventually(async () => {
      const shownAt = await phone.page.evaluate((words) => window.shownAt[words], `message ${n}`);
      assert.ok(shownAt);
      delays.push(shownAt - repliedAt);
    });
    await phone.badge(`${n + 3} non lus`);
    const expected = n % 2 === 0 ? ['Kouamé Yao', 'Aya Koné'] : ['Aya Koné', 'Kouamé Yao'];
    assert.deepEqual(await namesOn(phone), expected);
  }
  delays.sort((a, b) => a - b);
  assert.ok(delays[5] < 100, `half of them take at least ${delays[5]} ms`);

  // Longer than the interval of the polling that there was.
  await phone.page.waitForTimeout(6_000);
  assert.deepEqual(calls, []);
  assert.equal((await client.get('rooms/unread_count/')).body.unread_count, 12);
});

test('new, read, archived and closed rooms change the list without a call', async () => {
  const { client, rooms, phone } = await aList();
  const calls = callsOf(phone);

  const driver = await aDriver({ full_name: 'Zié Traoré' });
  const room = await aRoom(driver, client, { initial_message: 'Je suis là' });
  await eventually(async () => assert.equal((await namesOn(phone))[0], 'Zié Traoré'));
  // On another device of the client.
  await client.post(`rooms/${room.id}/mark_as_read/`);
  await phone.badge('2 non lus');
  await client.post(`rooms/${room.id}/archive/`, { archive: true });
  await eventually(async () => assert.deepEqual(await namesOn(phone), ['Aya Koné', 'Kouamé Yao']));
  await client.post(`rooms/${rooms[0].id}/archive/`, { archive: true });
  await phone.page.getByRole('checkbox', { name: /Archivées\s*1 non lu/ }).waitFor();
  assert.deepEqual(calls, []);
  assert.deepEqual(phone.page.mistakes, []);
});

test('without Firebase the list still changes, only slower, and is live again afterwards', async () => {
  const firebase = await aLine(FIREBASE_HOST);
  const { client, drivers, rooms, phone } = await aList((who) => ({
    config: configFor([who], { firebase: firebase.host }),
  }));
  firebase.cut();
  await phone.page.getByText('Connexion…').waitFor({ timeout: 40_000 });
  await say(drivers[0], rooms[0], 'sans Firebase');
  await eventually(() => phone.badge('3 non lus'), 20_000);
  assert.deepEqual(await namesOn(phone), ['Kouamé Yao', 'Aya Koné']);

  await firebase.restore();
  await phone.page.getByText('En direct').waitFor({ timeout: 60_000 });
  await say(drivers[1], rooms[1], 'de nouveau');
  await phone.badge('4 non lus');
  assert.deepEqual(await namesOn(phone), ['Aya Koné', 'Kouamé Yao']);
  assert.equal((await seenBy(client, rooms[0])).unread_count, 2);
});

test('more than 30 rooms: older ones come from REST and move up live', async () => {
  const client = await aClient();
  const all = [];
  for (let n = 0; n < 33; n += 1) {
    const driver = await aDriver({ full_name: `Livreur ${n}` });
    const room = await aRoom(driver, client);
    await say(driver, room, `de ${n}`);
    all.push({ driver, room });
  }
  const phone = await phoneOf(client);
  await phone.isLive();
  await phone.badge('33 non lus');
  await eventually(async () => assert.equal((await namesOn(phone)).length, 30));
  await phone.page.getByRole('button', { name: 'Plus de conversations' }).click();
  await eventually(async () => assert.equal((await namesOn(phone)).length, 33));
  assert.equal((await namesOn(phone)).at(-1), 'Livreur 0');
  await say(all[0].driver, all[0].room, 'encore moi');
  await eventually(async () => assert.equal((await namesOn(phone))[0], 'Livreur 0'));
  assert.equal((await namesOn(phone)).length, 33);
});
