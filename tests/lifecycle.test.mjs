// A message's life: edited, deleted, delivered, and the changes since a revision.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';

import { sql } from './support/database.mjs';
import { eventually } from './support/eventually.mjs';
import { mirroredRoom } from './support/firebase.mjs';
import { aClient, aConversation, aRoom, anAdmin, say, seenBy } from './support/people.mjs';

const NOT_SENDER = { detail: "Vous n'avez pas la permission d'effectuer cette action." };
const NOT_FOUND = { detail: 'Pas trouvé.' };

const ok = ({ status, body }) => {
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};
const edit = (person, { id }, text) => person.patch(`messages/${id}/`, { text });
const remove = (person, { id }) => person.delete(`messages/${id}/`);
const history = async (viewer, room) => ok(await viewer.get('messages/', { chat_room_id: room.id, ordering: 'created_at' })).results;
const since = async (viewer, room, revision) => ok(await viewer.get('messages/', { chat_room_id: room.id, changed_since: revision }));
const found = async (viewer, q) => ok(await viewer.get('messages/search/', { q })).results.map(({ id }) => id);
const age = ({ id }) => sql(`UPDATE chat_messages SET created_at = created_at - interval '15 minutes' WHERE id = $1`, [id]);

describe('an edit', () => {
  test('changes the text for both participants, the preview, the search and Firebase', async () => {
    const { driver, client, room } = await aConversation();
    const word = `mot${randomUUID().slice(0, 8)}`;
    const message = await say(driver, room, `Le ${word} est bleu`);
    const edited = ok(await edit(driver, message, `Le ${word} est rouge`));
    assert.deepEqual(edited, { ...message, text: `Le ${word} est rouge`, edited_at: edited.edited_at, revision: edited.revision });
    assert.ok(edited.revision > message.revision && edited.edited_at > message.created_at);
    assert.deepEqual(await history(client, room), [edited]);
    assert.equal((await seenBy(client, room)).last_message_text, `Le ${word} est rouge`);
    assert.deepEqual(await found(client, `${word} rouge`), [message.id]);
    assert.deepEqual(await found(client, `${word} bleu`), []);
    await eventually(async () => {
      const { [message.id]: copy } = (await mirroredRoom(room)).messages;
      assert.deepEqual([copy.text, copy.edited_at, copy.is_deleted, copy.revision], [edited.text, edited.edited_at, false, edited.revision]);
    });
  });

  test('with the same text changes nothing', async () => {
    const { driver, room } = await aConversation();
    const message = await say(driver, room, 'Bonjour');
    await age(message);
    assert.equal(ok(await edit(driver, message, ' Bonjour ')).revision, message.revision);
  });

  test('is for the sender, within 15 minutes, in an open conversation', async () => {
    const { driver, client, room } = await aConversation();
    const stranger = await aClient();
    const [first, second] = [await say(driver, room), await say(driver, room)];
    assert.deepEqual(await edit(client, first, 'Non').then(({ status, body }) => [status, body]), [403, NOT_SENDER]);
    assert.deepEqual(await edit(stranger, first, 'Non').then(({ status, body }) => [status, body]), [404, NOT_FOUND]);
    assert.deepEqual(await edit(driver, { id: randomUUID() }, 'Non').then(({ status, body }) => [status, body]), [404, NOT_FOUND]);
    assert.equal((await edit(driver, { id: 'x' }, 'Non')).status, 404);
    assert.deepEqual((await edit(driver, first, '')).body, { text: ['Ce champ ne peut être vide.'] });
    await age(first);
    const late = await edit(driver, first, 'Trop tard');
    assert.deepEqual([late.status, late.body], [400, { detail: 'Ce message ne peut plus être modifié : le délai est dépassé.' }]);
    await sql('UPDATE chat_rooms SET is_active = false WHERE id = $1', [room.id]);
    const closed = await edit(driver, second, 'Fermée');
    assert.deepEqual([closed.status, closed.body], [400, { detail: 'Cette conversation est fermée.' }]);
  });
});

describe('a deletion', () => {
  test('leaves a tombstone, and takes the text from preview, search, badge and Firebase', async () => {
    const { driver, client, room } = await aConversation();
    const word = `mot${randomUUID().slice(0, 8)}`;
    const message = await say(driver, room, word);
    const stone = ok(await remove(driver, message));
    assert.deepEqual(stone, { ...message, text: '', is_deleted: true, deleted_at: stone.deleted_at, revision: stone.revision });
    assert.deepEqual(ok(await remove(driver, message)), stone, 'a repeat');
    assert.deepEqual(await history(client, room), [stone]);
    const seen = await seenBy(client, room);
    assert.deepEqual([seen.last_message_text, seen.unread_count], ['Message supprimé', 0]);
    assert.equal(ok(await client.get('rooms/unread_count/')).unread_count, 0);
    assert.equal(ok(await client.post('messages/mark_as_read/', { message_ids: [message.id] })).count, 0);
    assert.deepEqual(await found(client, word), []);
    await eventually(async () => {
      const tree = await mirroredRoom(room);
      assert.deepEqual([tree.messages[message.id].is_deleted, tree.messages[message.id].text], [true, '']);
      assert.equal(tree.metadata.last_message_text, 'Message supprimé');
      assert.ok(!JSON.stringify(tree).includes(word));
    });
    const gone = await edit(driver, message, 'Revenu');
    assert.deepEqual([gone.status, gone.body], [400, { detail: 'Ce message a été supprimé.' }]);
    const [{ text }] = await sql('SELECT text FROM chat_message_versions WHERE message_id = $1', [message.id]);
    assert.equal(text, word, 'the evidence');
  });

  test('is for the sender, within 15 minutes, in an open conversation', async () => {
    const { driver, client, room } = await aConversation();
    const stranger = await aClient();
    const [first, second] = [await say(driver, room), await say(driver, room)];
    assert.deepEqual(await remove(client, first).then(({ status, body }) => [status, body]), [403, NOT_SENDER]);
    assert.deepEqual(await remove(stranger, first).then(({ status, body }) => [status, body]), [404, NOT_FOUND]);
    await age(first);
    const late = await remove(driver, first);
    assert.deepEqual([late.status, late.body], [400, { detail: 'Ce message ne peut plus être supprimé : le délai est dépassé.' }]);
    await sql('UPDATE chat_rooms SET is_active = false WHERE id = $1', [room.id]);
    const closed = await remove(driver, second);
    assert.deepEqual([closed.status, closed.body], [400, { detail: 'Cette conversation est fermée.' }]);
  });

  test('beside a reading and another deletion is counted once', async () => {
    const { driver, client, room } = await aConversation();
    const messages = [];
    for (let i = 0; i < 12; i += 1) messages.push(await say(driver, room));
    await Promise.all(
      messages.flatMap((message) => [
        remove(driver, message).then(ok),
        remove(driver, message).then(ok),
        client.post('messages/mark_as_read/', { message_ids: [message.id] }).then(ok),
      ]),
    );
    assert.equal((await seenBy(client, room)).unread_count, 0);
    assert.ok((await history(client, room)).every(({ is_deleted }) => is_deleted));
  });
});

describe('delivery', () => {
  test('is a watermark that both see, in the API and in Firebase', async () => {
    const { driver, client, room } = await aConversation();
    const foreign = await aConversation();
    await say(foreign.driver, foreign.room);
    for (let i = 0; i < 3; i += 1) await say(driver, room);
    const report = async (...receipts) => ok(await client.post('messages/mark_as_delivered/', { receipts }));
    const receipt = { chat_room_id: room.id, seq: 2 };
    assert.deepEqual(await report(receipt, { chat_room_id: foreign.room.id, seq: 1 }), { success: true, count: 1 });
    assert.deepEqual(await report({ ...receipt, seq: 1 }), { success: true, count: 0 });
    const ticks = async () => (await history(driver, room)).map(({ is_delivered }) => is_delivered);
    assert.deepEqual(await ticks(), [true, true, false]);
    await eventually(async () =>
      assert.deepEqual((await mirroredRoom(room)).receipts, {
        [driver.id]: { delivered_seq: 0, read_seq: 3 },
        [client.id]: { delivered_seq: 2, read_seq: 0 },
      }),
    );
    await report({ ...receipt, seq: 99 });
    assert.deepEqual(await ticks(), [true, true, true]);
    await client.post(`rooms/${room.id}/mark_as_read/`);
    await eventually(async () =>
      assert.deepEqual((await mirroredRoom(room)).receipts[client.id], { delivered_seq: 3, read_seq: 3 }),
    );
    assert.equal((await foreign.driver.get('messages/', { chat_room_id: foreign.room.id })).body.results[0].is_delivered, false);
  });

  test('names bad receipts', async () => {
    const { client } = await aConversation();
    const { status, body } = await client.post('messages/mark_as_delivered/', { receipts: [{ seq: 1 }] });
    assert.equal(status, 400);
    assert.deepEqual(body, { receipts: { 0: ['« chat_room_id » : Doit être un UUID valide.'] } });
  });
});

describe('changed_since', () => {
  test('returns edits, tombstones, receipts and new messages with one call, and the revision to ask from next', async () => {
    const { driver, client, room } = await aConversation();
    const messages = [];
    for (let i = 0; i < 4; i += 1) messages.push(await say(driver, room, `${i}`));
    const { revision } = ok(await driver.get('messages/', { chat_room_id: room.id }));
    assert.deepEqual((await since(driver, room, revision)).results, []);

    ok(await edit(driver, messages[2], 'deux'));
    ok(await remove(driver, messages[0]));
    ok(await client.post('messages/mark_as_read/', { message_ids: [messages[1].id, messages[3].id] }));
    await say(client, room, '4');
    const changes = await since(driver, room, revision);
    assert.deepEqual(changes.results.map(({ seq }) => seq), [3, 1, 2, 4, 5]);
    const bySeq = (list) => [...list].sort((a, b) => a.seq - b.seq);
    assert.deepEqual(bySeq(changes.results), await history(driver, room));
    assert.deepEqual(changes.receipts, {
      [driver.id]: { delivered_seq: 0, read_seq: 4 },
      [client.id]: { delivered_seq: 0, read_seq: 2 },
    });
    assert.deepEqual([changes.count, changes.next, changes.previous], [5, null, null]);
    assert.deepEqual((await since(driver, room, changes.revision)).results, []);
  });

  test('is 404 for another user’s conversation, and 400 for no number', async () => {
    const { driver, room } = await aConversation();
    const stranger = await aClient();
    assert.equal((await stranger.get('messages/', { chat_room_id: room.id, changed_since: 0 })).status, 404);
    const bad = await driver.get('messages/', { chat_room_id: room.id, changed_since: 'x' });
    assert.deepEqual([bad.status, bad.body], [400, { changed_since: ['Un nombre entier valide est requis.'] }]);
  });
});

test('a conversation with support has the same life', async () => {
  const { driver } = await aConversation();
  const admin = await anAdmin();
  const room = await aRoom(driver, admin);
  const notice = await say(admin, room, 'Avis', { message_type: 'system' });
  const text = await say(admin, room, 'Bonjour');
  assert.equal((await edit(admin, notice, 'Non')).status, 403);
  assert.equal((await remove(admin, notice)).status, 403);
  assert.equal(ok(await edit(admin, text, 'Bonsoir')).text, 'Bonsoir');
});
