// Rules 14 to 18 of docs/api-guide.md, and its section "List": entries and their order.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { sql } from './support/database.mjs';
import { aClient, aConversation, aDelivery, aDriver, aMerchant, aRoom, anAdmin, say } from './support/people.mjs';

/** Returns the ids of the list in its order. */
async function listed(viewer, query) {
  const { status, body } = await viewer.get('rooms/', query);
  assert.equal(status, 200);
  assert.equal(body.count, body.results.length);
  return body.results.map(({ id }) => id);
}

/** Creates a driver with three rooms, and a message in each, one after the other. */
async function aBusyDriver() {
  const driver = await aDriver();
  const rooms = [];
  for (const name of ['Aya', 'Brou', 'Cissé']) {
    rooms.push(await aRoom(driver, await aClient({ full_name: name }), { initial_message: `Bonjour ${name}` }));
  }
  return { driver, rooms, ids: rooms.map(({ id }) => id) };
}

test('an entry has the fields of the API guide', async () => {
  const { driver, client, delivery, room } = await aConversation();
  const message = await say(driver, room, "J'arrive dans 5 minutes");
  const { body } = await client.get('rooms/');
  assert.deepEqual(body, {
    count: 1,
    next: null,
    previous: null,
    results: [
      {
        id: room.id,
        room_type: 'delivery',
        other_participant: {
          id: driver.id,
          full_name: driver.full_name,
          phone_number: driver.phone_number,
          user_type: 'driver',
          profile_photo_url: driver.profile_photo_url,
        },
        delivery_info: delivery,
        last_message_text: "J'arrive dans 5 minutes",
        last_message_at: message.created_at,
        unread_count: 1,
        is_archived: false,
        created_at: room.created_at,
      },
    ],
  });
});

test('a user without conversations has an empty list', async () => {
  const { status, body } = await (await aDriver()).get('rooms/');
  assert.equal(status, 200);
  assert.deepEqual(body, { count: 0, next: null, previous: null, results: [] });
});

test('only the caller’s rooms are listed', async () => {
  const [one, other] = [await aConversation(), await aConversation()];
  assert.deepEqual(await listed(one.driver), [one.room.id]);
  assert.deepEqual(await listed(other.client), [other.room.id]);
  assert.deepEqual(await listed(await anAdmin()), []);
});

test('inactive rooms are not listed', async () => {
  const { driver, room } = await aConversation();
  await sql('UPDATE chat_rooms SET is_active = false WHERE id = $1', [room.id]);
  assert.deepEqual(await listed(driver), []);
  assert.deepEqual(await listed(driver, { include_archived: 'true' }), []);
});

describe('the order', () => {
  test('has the newest message first by default', async () => {
    const { driver, rooms, ids } = await aBusyDriver();
    assert.deepEqual(await listed(driver), ids.toReversed());
    await say(driver, rooms[0]);
    assert.deepEqual(await listed(driver), [ids[0], ids[2], ids[1]]);
  });

  test('is ascending or descending by either field, and ignores an unknown field', async () => {
    const { driver, rooms, ids } = await aBusyDriver();
    await say(driver, rooms[0]);
    const byMessage = [ids[0], ids[2], ids[1]];
    const orders = {
      '-last_message_at': byMessage,
      'last_message_at': byMessage.toReversed(),
      'created_at': ids,
      '-created_at': ids.toReversed(),
      '': byMessage,
      'unread_count': byMessage,
      '-id': byMessage,
      'id; DROP TABLE chat_rooms': byMessage,
    };
    for (const [ordering, expected] of Object.entries(orders)) {
      assert.deepEqual(await listed(driver, { ordering }), expected, ordering);
    }
  });

  test('has rooms without a message last either way, by their ids', async () => {
    const { driver, ids } = await aBusyDriver();
    const silent = [];
    for (let i = 0; i < 3; i += 1) silent.push((await aRoom(driver, await aClient())).id);
    silent.sort();

    for (const ordering of ['last_message_at', '-last_message_at']) {
      const response = await listed(driver, { ordering });
      assert.deepEqual(response.slice(0, 3), ordering.startsWith('-') ? ids.toReversed() : ids);
      const last = response.slice(3);
      assert.ok(
        [silent, silent.toReversed()].some((order) => order.join() === last.join()),
        'ordered by id',
      );
    }
  });

  test('uses the id to break ties', async () => {
    const { driver, ids } = await aBusyDriver();
    await sql('UPDATE chat_rooms SET created_at = now(), last_message_at = now() WHERE id = ANY($1::uuid[])', [ids]);
    ids.sort();
    for (const ordering of ['created_at', '-created_at', 'last_message_at', '-last_message_at']) {
      const response = await listed(driver, { ordering });
      assert.ok(
        [ids, ids.toReversed()].some((order) => order.join() === response.join()),
        ordering,
      );
    }
  });
});

describe('filters', () => {
  test('room_type', async () => {
    const driver = await aDriver();
    const delivery = await aRoom(driver, await aClient());
    const support = await aRoom(driver, await anAdmin());
    assert.deepEqual(await listed(driver, { room_type: 'delivery' }), [delivery.id]);
    assert.deepEqual(await listed(driver, { room_type: 'support' }), [support.id]);
    assert.equal((await listed(driver, { room_type: '' })).length, 2);
  });

  test('delivery_id', async () => {
    const { driver, client, delivery, room } = await aConversation();
    await aRoom(driver, client);
    assert.deepEqual(await listed(driver, { delivery_id: delivery.id }), [room.id]);
    assert.deepEqual(await listed(driver, { delivery_id: delivery.id.toUpperCase() }), [room.id]);
    assert.deepEqual(await listed(driver, { delivery_id: randomUUID() }), []);
    assert.equal((await listed(driver, { delivery_id: '' })).length, 2);
  });

  test('that are invalid return 400, and each is named', async () => {
    const { status, body } = await (await aDriver()).get('rooms/', { room_type: 'groupe', delivery_id: 'LBN123456' });
    assert.equal(status, 400);
    assert.deepEqual(Object.keys(body).sort(), ['delivery_id', 'room_type']);
    assert.deepEqual(body.delivery_id, ['Doit être un UUID valide.']);
  });

  test('include archived rooms if include_archived is true or 1', async () => {
    const { driver, rooms, ids } = await aBusyDriver();
    await driver.post(`rooms/${rooms[0].id}/archive/`);
    const [, ...unarchived] = ids;
    for (const include_archived of ['true', '1']) {
      assert.deepEqual(await listed(driver, { include_archived }), ids.toReversed());
    }
    for (const include_archived of [undefined, '', 'false', '0']) {
      assert.deepEqual(await listed(driver, { include_archived }), unarchived.toReversed());
    }
  });

  test('can be combined', async () => {
    const { driver, client, delivery, room } = await aConversation();
    await aRoom(driver, client);
    assert.deepEqual(await listed(driver, { delivery_id: delivery.id, room_type: 'delivery', search: 'dupont' }), [
      room.id,
    ]);
    assert.deepEqual(await listed(driver, { delivery_id: delivery.id, room_type: 'support' }), []);
    assert.deepEqual(await listed(driver, { delivery_id: delivery.id, search: 'personne' }), []);
  });
});

describe('search', () => {
  async function aSearchableDriver() {
    const driver = await aDriver({ full_name: 'Zadi Le Chauffeur' });
    const client = await aClient({ full_name: 'Hélène N’Guessan Çelik' });
    const merchant = await aMerchant({ full_name: '100%_Naturel \\ Bio' });
    const delivery = await aDelivery({ driver, client, tracking_number: 'LBN-2025-Été' });
    const withClient = await aRoom(driver, client, { delivery_id: delivery.id });
    const withMerchant = await aRoom(driver, merchant);
    return { driver, client, withClient: withClient.id, withMerchant: withMerchant.id };
  }

  test('finds part of a name or of a tracking number, in any case, with or without accents', async () => {
    const { driver, withClient } = await aSearchableDriver();
    for (const search of [
      'Hélène',
      'HELENE',
      'helene',
      'hélÈne',
      'lèn',
      'guessan',
      'celik',
      'ÇELIK',
      'lbn-2025',
      'ETE',
      '-été',
    ]) {
      assert.deepEqual(await listed(driver, { search }), [withClient], search);
    }
  });

  test('requires each word, in any place', async () => {
    const { driver, withClient } = await aSearchableDriver();
    assert.deepEqual(await listed(driver, { search: '  celik   lbn hel ' }), [withClient]);
    assert.deepEqual(await listed(driver, { search: 'celik naturel' }), []);
    assert.deepEqual(await listed(driver, { search: 'helene inconnue' }), []);
  });

  test('treats %, _ and \\ as plain characters', async () => {
    const { driver, withMerchant } = await aSearchableDriver();
    for (const search of ['%', '_', '100%', '%_n', '\\']) {
      assert.deepEqual(await listed(driver, { search }), [withMerchant], search);
    }
    for (const search of ['%%', 'h%e', 'h_l', "';--", '"', '\\\\', '%\\']) {
      assert.deepEqual(await listed(driver, { search }), [], search);
    }
  });

  test('matches the other participant only', async () => {
    const { driver, client, withClient } = await aSearchableDriver();
    assert.deepEqual(await listed(driver, { search: 'chauffeur' }), []);
    assert.deepEqual(await listed(client, { search: 'chauffeur' }), [withClient]);
    assert.deepEqual(await listed(client, { search: 'helene' }), []);
  });

  test('is ignored if it is empty or blank', async () => {
    const { driver } = await aSearchableDriver();
    assert.equal((await listed(driver, { search: '' })).length, 2);
    assert.equal((await listed(driver, { search: '   ' })).length, 2);
  });
});

describe('pages', () => {
  test('link to each other and keep the other parameters', async () => {
    const { driver, ids } = await aBusyDriver();
    const one = (await driver.get('rooms/', { page_size: 2, ordering: 'created_at', room_type: 'delivery' })).body;
    assert.equal(one.count, 3);
    assert.equal(one.previous, null);
    assert.deepEqual(
      one.results.map(({ id }) => id),
      ids.slice(0, 2),
    );

    const two = (await driver.follow(one.next)).body;
    assert.equal(two.count, 3);
    assert.equal(two.next, null);
    assert.deepEqual(
      two.results.map(({ id }) => id),
      ids.slice(2),
    );

    const link = new URL(two.previous);
    assert.equal(link.searchParams.get('ordering'), 'created_at');
    assert.equal(link.searchParams.get('room_type'), 'delivery');
    assert.equal(link.searchParams.get('page'), null, 'the first page has no number');
    assert.deepEqual((await driver.follow(two.previous)).body, one);
  });

  test('return 404 out of range', async () => {
    const { driver } = await aBusyDriver();
    for (const page of ['2', '0', '-1', '1.5', 'deux', '99999999999999999999']) {
      const { status, body } = await driver.get('rooms/', { page });
      assert.equal(status, 404, page);
      assert.equal(body.detail, 'Page invalide.');
    }
  });
});
