// Who is told of a message on which device; FCM is the stand-in's (dev/firebase/README.md).

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, describe, test } from 'node:test';

import { sql } from './support/database.mjs';
import { eventually } from './support/eventually.mjs';
import { aDevice, endAccessTokens, pushesTo, uninstall } from './support/fcm.mjs';
import { inject } from './support/firebase.mjs';
import { aClient, aConversation, aDriver, aRoom, say, seenBy } from './support/people.mjs';

const SEND = '/v1/projects/*/messages:send';

afterEach(() => inject([]));

/** The messages that a device was told of once it was told of this one. */
const toldOf = (device, message, within) =>
  eventually(async () => {
    const pushes = await pushesTo(device);
    assert.ok(pushes.some(({ data }) => data.message_id === message.id), `${device} is not told of ${message.text}`);
    return pushes;
  }, within);

/** The numbers of the messages that a device was told of. */
const seqs = (pushes) => pushes.map(({ data }) => Number(data.seq));

/** Everything that was queued is sent, or was not worth it. */
const nothingWaits = (room) =>
  eventually(async () => {
    assert.deepEqual(await sql('SELECT last_seq FROM chat_pushes WHERE first_seq <= last_seq AND chat_room_id = $1', [room.id]), []);
  });

describe('a message', () => {
  test('is told to the devices of whoever receives it, and to nobody else’s', async () => {
    const { driver, client, room } = await aConversation();
    const [phone, tablet, own] = [await aDevice(client), await aDevice(client), await aDevice(driver)];
    const stranger = await aDevice(await aClient());
    const message = await say(driver, room, "J'arrive dans 5 minutes");

    const [push] = await toldOf(phone, message);
    assert.deepEqual(push.notification, { title: driver.full_name, body: "J'arrive dans 5 minutes" });
    assert.deepEqual(push.data, { type: 'chat_message', chat_room_id: room.id, message_id: message.id, seq: '1' });
    assert.equal(push.android.collapse_key, room.id);
    assert.equal(push.apns.headers['apns-collapse-id'], room.id);
    await toldOf(tablet, message);
    await nothingWaits(room);
    for (const device of [own, stranger]) assert.deepEqual(await pushesTo(device), []);
  });

  test('says how much is unread over all conversations', async () => {
    const { driver, client, room } = await aConversation({ initial_message: 'un' });
    const other = await aRoom(await aDriver(), client, { initial_message: 'deux' });
    const phone = await aDevice(client);
    const [push] = await toldOf(phone, await say(driver, room, 'trois'));
    assert.equal(push.apns.payload.aps.badge, 3);
    assert.equal(push.android.notification.notification_count, 3);
    assert.ok(other.id);
  });

  test('that opens a conversation is told, too', async () => {
    const [driver, client] = [await aDriver(), await aClient()];
    const phone = await aDevice(client);
    const room = await aRoom(driver, client, { initial_message: 'Bonjour' });
    await eventually(async () => {
      const [push] = await pushesTo(phone);
      assert.equal(push?.data.chat_room_id, room.id);
      assert.equal(push.notification.body, 'Bonjour');
    });
  });

  test('without words is told by what it is', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    const image = { chat_room_id: room.id, message_type: 'image', image_url: 'https://res.cloudinary.com/a/1.jpg' };
    const { body: message } = await driver.post('messages/', image);
    const [push] = await toldOf(phone, message);
    assert.equal(push.notification.body, '📷 Photo');
  });

  test('is answered at once, whatever FCM does', async () => {
    await inject([{ path: SEND, delayMs: 3000 }]);
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    const began = performance.now();
    const message = await say(driver, room);
    assert.ok(performance.now() - began < 1000);
    await toldOf(phone, message);
  });

  test('is told once, however many come at a time, and the last of them is', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    await Promise.all(Array.from({ length: 30 }, (_, n) => say(driver, room, `message ${n}`)));
    await eventually(async () => assert.ok(seqs(await pushesTo(phone)).includes(30)), 10_000);
    const told = seqs(await pushesTo(phone));
    assert.deepEqual(told, [...new Set(told)]);
    assert.ok(told.length < 30, `${told.length} pushes`);
  });

  test('is told with a new access token where the old one has ended', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    await toldOf(phone, await say(driver, room));
    await endAccessTokens();
    await toldOf(phone, await say(driver, room));
  });

  test('is told later where FCM does not take it', async () => {
    await inject([{ path: SEND, status: 503, count: 1 }]);
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    const message = await say(driver, room);
    const began = performance.now();
    assert.deepEqual(seqs(await toldOf(phone, message, 40_000)), [1]);
    assert.ok(performance.now() - began > 9_000, 'FCM asks for ten seconds at least');
  });
});

describe('a device', () => {
  test('is registered again without a change, and with its colon escaped', async () => {
    const driver = await aDriver();
    const device = await aDevice(driver);
    for (const path of [device, encodeURIComponent(device)]) {
      for (const slash of ['', '/']) assert.equal((await driver.put(`devices/${path}${slash}`)).status, 200);
    }
    const rows = await sql('SELECT token FROM chat_devices WHERE user_id = $1', [driver.id]);
    assert.deepEqual(rows, [{ token: device }]);
  });

  test('is told nothing any more once it is removed', async () => {
    const { driver, client, room } = await aConversation();
    const [phone, tablet] = [await aDevice(client), await aDevice(client)];
    await driver.delete(`devices/${phone}/`);
    await toldOf(phone, await say(driver, room));
    for (let n = 0; n < 2; n++) assert.equal((await client.delete(`devices/${encodeURIComponent(phone)}/`)).status, 204);
    await toldOf(tablet, await say(driver, room));
    assert.deepEqual(seqs(await pushesTo(phone)), [1]);
  });

  test('is told nothing of whoever was signed in on it before', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    await (await aClient()).put(`devices/${phone}/`);
    const tablet = await aDevice(client);
    await toldOf(tablet, await say(driver, room));
    assert.deepEqual(await pushesTo(phone), []);
  });

  test('on which the app is gone is forgotten', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    await uninstall(phone);
    await say(driver, room);
    await eventually(async () => assert.deepEqual(await sql('SELECT FROM chat_devices WHERE user_id = $1', [client.id]), []));
    await nothingWaits(room);
  });

  test('has a token, or the answer is 400', async () => {
    const driver = await aDriver();
    for (const token of ['a%20b', '%00', 'é', 'x'.repeat(1025)]) {
      for (const method of ['put', 'delete']) {
        const { status, body } = await driver[method](`devices/${token}/`);
        assert.equal(status, 400, token);
        assert.ok(body.token, token);
      }
    }
  });
});

describe('quiet', () => {
  test('in one conversation: the other ones are told of', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    const muted = await client.post(`rooms/${room.id}/mute/`);
    assert.deepEqual([muted.status, muted.body.is_muted], [200, true]);
    assert.equal((await seenBy(client, room)).is_muted, true);
    assert.equal((await seenBy(driver, room)).is_muted, false);
    await say(driver, room, 'muet');
    const other = await aRoom(await aDriver(), client, { initial_message: 'Bonjour' });
    await eventually(async () => assert.equal((await pushesTo(phone)).length, 1));

    await client.post(`rooms/${room.id}/mute/`, { mute: false });
    const told = await toldOf(phone, await say(driver, room, 'entendu'));
    assert.deepEqual(
      told.map(({ data }) => data.chat_room_id),
      [other.id, room.id],
    );
  });

  test('for one person: nothing is told until they want it again', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    const settings = { push_enabled: false, quiet_from: null, quiet_to: null, time_zone: 'Africa/Abidjan' };
    assert.deepEqual((await client.put('notification_settings/', settings)).body, settings);
    assert.deepEqual((await client.get('notification_settings/')).body, settings);
    await say(driver, room);
    await client.put('notification_settings/', { push_enabled: true });
    const told = await toldOf(phone, await say(driver, room));
    assert.deepEqual(seqs(told), [2]);
  });

  test('at night: nothing is told, and nothing is made up for', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
    const hours = (from, to) => ({ push_enabled: true, quiet_from: at(from), quiet_to: at(to), time_zone: 'UTC' });
    assert.equal((await client.put('notification_settings', hours(-30, 30))).status, 200);
    await say(driver, room, 'la nuit');
    assert.equal((await client.put('notification_settings/', hours(30, -30))).status, 200);
    const told = await toldOf(phone, await say(driver, room, 'le jour'));
    assert.deepEqual(seqs(told), [2]);
  });

  test('is the caller’s own, in conversations of theirs', async () => {
    const { room } = await aConversation();
    const stranger = await aClient();
    assert.equal((await stranger.post(`rooms/${room.id}/mute/`)).status, 404);
    assert.equal((await stranger.post(`rooms/${randomUUID()}/mute/`)).status, 404);
  });
});
