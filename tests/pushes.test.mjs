// Push notifications: which devices get which messages. The stand-in plays FCM (dev/firebase/README.md).

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

/** Waits until the device has received the push of this message, and returns all its pushes. */
const pushesUpTo = (device, message, within) =>
  eventually(async () => {
    const pushes = await pushesTo(device);
    assert.ok(pushes.some(({ data }) => data.message_id === message.id), `${device} has no push of ${message.text}`);
    return pushes;
  }, within);

/** Returns the seq of each push. */
const seqs = (pushes) => pushes.map(({ data }) => Number(data.seq));

/** Waits until no push of the room is pending. */
const noPushIsPending = (room) =>
  eventually(async () => {
    assert.deepEqual(await sql('SELECT last_seq FROM chat_pushes WHERE first_seq <= last_seq AND chat_room_id = $1', [room.id]), []);
  });

describe('a message', () => {
  test('is pushed to the recipient’s devices only', async () => {
    const { driver, client, room } = await aConversation();
    const [phone, tablet, own] = [await aDevice(client), await aDevice(client), await aDevice(driver)];
    const stranger = await aDevice(await aClient());
    const message = await say(driver, room, "J'arrive dans 5 minutes");

    const [push] = await pushesUpTo(phone, message);
    assert.deepEqual(push.notification, { title: driver.full_name, body: "J'arrive dans 5 minutes" });
    assert.deepEqual(push.data, { type: 'chat_message', chat_room_id: room.id, message_id: message.id, seq: '1' });
    assert.equal(push.android.collapse_key, room.id);
    assert.equal(push.apns.headers['apns-collapse-id'], room.id);
    await pushesUpTo(tablet, message);
    await noPushIsPending(room);
    for (const device of [own, stranger]) assert.deepEqual(await pushesTo(device), []);
  });

  test('is pushed with the unread count over all conversations', async () => {
    const { driver, client, room } = await aConversation({ initial_message: 'un' });
    const other = await aRoom(await aDriver(), client, { initial_message: 'deux' });
    const phone = await aDevice(client);
    const [push] = await pushesUpTo(phone, await say(driver, room, 'trois'));
    assert.equal(push.apns.payload.aps.badge, 3);
    assert.equal(push.android.notification.notification_count, 3);
    assert.ok(other.id);
  });

  test('is pushed if it opens a conversation', async () => {
    const [driver, client] = [await aDriver(), await aClient()];
    const phone = await aDevice(client);
    const room = await aRoom(driver, client, { initial_message: 'Bonjour' });
    await eventually(async () => {
      const [push] = await pushesTo(phone);
      assert.equal(push?.data.chat_room_id, room.id);
      assert.equal(push.notification.body, 'Bonjour');
    });
  });

  test('is pushed with a label if it has no text', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    const image = { chat_room_id: room.id, message_type: 'image', image_url: 'https://res.cloudinary.com/a/1.jpg' };
    const { body: message } = await driver.post('messages/', image);
    const [push] = await pushesUpTo(phone, message);
    assert.equal(push.notification.body, '📷 Photo');
  });

  test('is stored without waiting for FCM', async () => {
    await inject([{ path: SEND, delayMs: 3000 }]);
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    const began = performance.now();
    const message = await say(driver, room);
    assert.ok(performance.now() - began < 1000);
    await pushesUpTo(phone, message);
  });

  test('is pushed once, and the last message of a burst is always pushed', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    await Promise.all(Array.from({ length: 30 }, (_, n) => say(driver, room, `message ${n}`)));
    await eventually(async () => assert.ok(seqs(await pushesTo(phone)).includes(30)), 10_000);
    const pushed = seqs(await pushesTo(phone));
    assert.deepEqual(pushed, [...new Set(pushed)]);
    assert.ok(pushed.length < 30, `${pushed.length} pushes`);
  });

  test('is pushed with a new access token after the old one expires', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    await pushesUpTo(phone, await say(driver, room));
    await endAccessTokens();
    await pushesUpTo(phone, await say(driver, room));
  });

  test('is pushed later if FCM is unavailable', async () => {
    await inject([{ path: SEND, status: 503, count: 1 }]);
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    const message = await say(driver, room);
    const began = performance.now();
    assert.deepEqual(seqs(await pushesUpTo(phone, message, 40_000)), [1]);
    assert.ok(performance.now() - began > 9_000, 'FCM asks for ten seconds at least');
  });
});

describe('a device', () => {
  test('can be registered again, and with an escaped colon', async () => {
    const driver = await aDriver();
    const device = await aDevice(driver);
    for (const path of [device, encodeURIComponent(device)]) {
      for (const slash of ['', '/']) assert.equal((await driver.put(`devices/${path}${slash}`)).status, 200);
    }
    const rows = await sql('SELECT token FROM chat_devices WHERE user_id = $1', [driver.id]);
    assert.deepEqual(rows, [{ token: device }]);
  });

  test('gets no push after its removal', async () => {
    const { driver, client, room } = await aConversation();
    const [phone, tablet] = [await aDevice(client), await aDevice(client)];
    await driver.delete(`devices/${phone}/`);
    await pushesUpTo(phone, await say(driver, room));
    for (let n = 0; n < 2; n++) assert.equal((await client.delete(`devices/${encodeURIComponent(phone)}/`)).status, 204);
    await pushesUpTo(tablet, await say(driver, room));
    assert.deepEqual(seqs(await pushesTo(phone)), [1]);
  });

  test('gets no push for the user who was signed in before', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    await (await aClient()).put(`devices/${phone}/`);
    const tablet = await aDevice(client);
    await pushesUpTo(tablet, await say(driver, room));
    assert.deepEqual(await pushesTo(phone), []);
  });

  test('is deleted if FCM reports it as unregistered', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    await uninstall(phone);
    await say(driver, room);
    await eventually(async () => assert.deepEqual(await sql('SELECT FROM chat_devices WHERE user_id = $1', [client.id]), []));
    await noPushIsPending(room);
  });

  test('with an invalid token returns 400', async () => {
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

describe('muting', () => {
  test('in one conversation does not affect the others', async () => {
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
    const pushed = await pushesUpTo(phone, await say(driver, room, 'entendu'));
    assert.deepEqual(
      pushed.map(({ data }) => data.chat_room_id),
      [other.id, room.id],
    );
  });

  test('lasts until the user turns pushes on again', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    const settings = { push_enabled: false, quiet_from: null, quiet_to: null, time_zone: 'Africa/Abidjan' };
    assert.deepEqual((await client.put('notification_settings/', settings)).body, settings);
    assert.deepEqual((await client.get('notification_settings/')).body, settings);
    await say(driver, room);
    await client.put('notification_settings/', { push_enabled: true });
    const pushed = await pushesUpTo(phone, await say(driver, room));
    assert.deepEqual(seqs(pushed), [2]);
  });

  test('by quiet hours suppresses pushes, which are not sent later', async () => {
    const { driver, client, room } = await aConversation();
    const phone = await aDevice(client);
    const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
    const hours = (from, to) => ({ push_enabled: true, quiet_from: at(from), quiet_to: at(to), time_zone: 'UTC' });
    assert.equal((await client.put('notification_settings', hours(-30, 30))).status, 200);
    await say(driver, room, 'la nuit');
    assert.equal((await client.put('notification_settings/', hours(30, -30))).status, 200);
    const pushed = await pushesUpTo(phone, await say(driver, room, 'le jour'));
    assert.deepEqual(seqs(pushed), [2]);
  });

  test('is rejected with 404 for a conversation of other users', async () => {
    const { room } = await aConversation();
    const stranger = await aClient();
    assert.equal((await stranger.post(`rooms/${room.id}/mute/`)).status, 404);
    assert.equal((await stranger.post(`rooms/${randomUUID()}/mute/`)).status, 404);
  });
});
