// Webhooks reach the platform's backend: signed, in order per room, each event at least once with the same id. An
// endpoint that fails costs the senders nothing.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Webhook } from 'standardwebhooks';
import { withDatabase } from '../dev/parts/database.mjs';
import { freePort } from '../dev/parts/processes.mjs';
import { startReceiver } from '../dev/parts/webhooks.mjs';
import { checkAgainstContract, checkWebhook } from './support/contract.mjs';
import { eventually } from './support/eventually.mjs';
import { ownParts, plain } from './support/own-parts.mjs';
import { JWT_SECRET } from './support/settings.mjs';
import { accessToken, platformToken } from './support/tokens.mjs';

const OLD = `whsec_${Buffer.from('the key before the rotation, 32 b').toString('base64')}`;
const NEW = `whsec_${Buffer.from('the key after the rotation, long').toString('base64')}`;
const FUNCTIONS = ['create-room', 'send-message', 'mark-room-read', 'receive-event', 'list-webhook-events', 'deliver-pending', 'report-unreachable', 'maintain-rooms'];
/** The project's own Python environment, which dev/install.sh creates. */
const PYTHON = process.env.RELAIS_PYTHON ?? fileURLToPath(new URL('../.dev/venv/bin/python', import.meta.url));

const driver = randomUUID();
const client = randomUUID();
const parts = ownParts('webhooks');
let database;
let functions;
let environment;
let close;
/** Every attempt that the receiver got: `{id, event, request}`. */
let attempts = [];
/** The receiver's response. */
let respond;

beforeEach(async () => {
  respond = () => 204;
  await resume();
  attempts = [];
});

before(async () => {
  const { url } = await parts.postgres();
  database = url;
  const port = await freePort();
  const handle = async (id, event, request) => {
    attempts.push({ id, event, request });
    return respond(event);
  };
  close = await startReceiver({ host: '127.0.0.1', port, secret: OLD, handle });
  environment = plain({ DATABASE_URL: url, JWT_SECRET, WEBHOOK_URL: `http://127.0.0.1:${port}/chat`, WEBHOOK_SECRET: OLD, UNREACHABLE_SECONDS: '1' });
  const without = await parts.functions(['migrate-database'], { environment: { ...environment, WEBHOOK_URL: '' }, at: 'before' });
  await without.invoke('migrate-database');
  await withDatabase(url, (it) =>
    it.query(`INSERT INTO users (id, full_name, user_type) VALUES ($1, 'Kouassi', 'driver'), ($2, 'Aya', 'client')`, [driver, client]),
  );
  functions = await parts.functions(FUNCTIONS, { environment, processes: 2 });
});

after(() => close?.());

const query = async (sql, values) => (await withDatabase(database, (it) => it.query(sql, values))).rows;
const post = async (path, user, body, it = functions) => (await it.request('POST', path, accessToken(user), body)).body;

async function migrate(changes = {}) {
  const deployment = await parts.functions(['migrate-database'], { environment: { ...environment, ...changes }, at: `migrate-${randomUUID()}` });
  await deployment.invoke('migrate-database');
}

async function aRoom() {
  const delivery = randomUUID();
  await query('INSERT INTO deliveries (id, driver_id, client_id) VALUES ($1, $2, $3)', [delivery, driver, client]);
  const room = await post('rooms/', driver, { other_user_id: client, room_type: 'delivery', delivery_id: delivery, initial_message: 'message 1' });
  return { ...room, delivery };
}

const say = (room, text) => post('messages/', driver, { chat_room_id: room.id, text });
const sweep = () => functions.invoke('deliver-pending', { channel: 'webhooks' });
/** Delivers everything that is pending, as an operator does after a repair. */
const resume = () => functions.invoke('deliver-pending', { channel: 'webhooks', resume: true });

/** Waits for events. A machine that runs tests may be too busy for their delivery within 200 ms after the response. */
const arrived = (check) =>
  eventually(async () => {
    try {
      check();
    } catch {
      await resume();
      check();
    }
  }, 20_000);
/** Returns the first attempt of each event of a room. */
function received(room) {
  const ofRoom = attempts.filter(({ event }) => event.data.room?.id === room.id);
  return ofRoom.filter(({ id }, index) => ofRoom.findIndex((it) => it.id === id) === index);
}
const typesOf = (room) => received(room).map(({ event }) => event.type);

/** Makes all pending events due, as if their back-off had passed. */
const endBackOff = () => query('UPDATE chat_webhook_queues SET deliver_after = NULL; UPDATE chat_delivery_channels SET probe_after = now()');

describe('webhooks', () => {
  test('are not written until migrate-database has switched them on', async () => {
    const count = async () => (await query('SELECT count(*)::int FROM chat_webhook_events'))[0].count;
    await aRoom();
    assert.equal(await count(), 0);
    await migrate();
    await aRoom();
    assert.equal(await count(), 2);
    await migrate({ WEBHOOK_URL: '' });
    await aRoom();
    assert.equal(await count(), 2);
    await migrate();
  });

  test('arrive in order after the response, as openapi.yaml describes them', async () => {
    const room = await aRoom();
    const event = { event_id: randomUUID(), event: 'arriving', delivery_id: room.delivery };
    await functions.request('POST', 'events/', platformToken(), event);
    const message = await say(room, 'message 3');
    await arrived(() => assert.equal(received(room).length, 4));
    assert.deepEqual(typesOf(room), ['room.created', 'message.created', 'message.created', 'message.created']);
    assert.deepEqual(received(room)[3].event.data.message, message);
    for (const { id, event } of received(room)) {
      checkWebhook(event);
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    }
  });

  test('of an unreachable customer have the evidence; a customer who answers causes none', async () => {
    const rooms = [await aRoom(), await aRoom()];
    for (const room of rooms) {
      const event = { event_id: randomUUID(), event: 'arriving', delivery_id: room.delivery };
      await functions.request('POST', 'events/', platformToken(), event);
      await query(`UPDATE chat_messages SET created_at = now() - interval '3 minutes' WHERE chat_room_id = $1 AND seq = 1`, [room.id]);
      const { success } = await post(`rooms/${room.id}/unreachable/`, driver);
      assert.equal(success, true);
    }
    const [silent, answering] = rooms;
    await post('messages/', client, { chat_room_id: answering.id, quick_reply_key: 'client_coming' });
    await sleep(1_100);
    for (let n = 0; n < 2; n++) await functions.invoke('maintain-rooms', {});
    await arrived(() => assert.equal(received(silent).length, 5));
    const last = received(silent).at(-1).event;
    checkWebhook(last);
    assert.equal(last.type, 'customer.unreachable');
    assert.equal(last.data.call.id, last.data.message.id);
    assert.deepEqual(
      last.data.call.messages.map(({ seq, is_read, is_deleted }) => [seq, is_read, is_deleted]),
      [
        [1, false, false],
        [3, false, false],
      ],
    );
    assert.ok(typesOf(answering).every((type) => type !== 'customer.unreachable'));
  });

  test('verify with the libraries of npm and PyPI, and only with the right key and body', async () => {
    const room = await aRoom();
    await arrived(() => assert.equal(received(room).length, 2));
    const [{ request }] = received(room);
    new Webhook(OLD).verify(request.body, request.headers);
    assert.throws(() => new Webhook(NEW).verify(request.body, request.headers));
    assert.throws(() => new Webhook(OLD).verify(request.body.replace('room', 'moor'), request.headers));
    const program = `
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
given = json.load(sys.stdin)
print(json.dumps(Webhook(given["secret"]).verify(given["body"], given["headers"])["type"]))
try:
    Webhook(given["other"]).verify(given["body"], given["headers"])
except WebhookVerificationError:
    print("rejected")`;
    const input = JSON.stringify({ secret: OLD, other: NEW, ...request });
    const output = execFileSync(PYTHON, ['-c', program], { input, encoding: 'utf8' });
    assert.deepEqual(output.trim().split('\n'), ['"room.created"', 'rejected']);
  });

  test('have both signatures during a rotation, so that the endpoint may have either key', async () => {
    const room = await aRoom();
    const rotating = { ...environment, WEBHOOK_SECRET: NEW, PREVIOUS_WEBHOOK_SECRET: OLD };
    const rotated = await parts.functions(['send-message'], { environment: rotating, at: 'rotating' });
    await post('messages/', driver, { chat_room_id: room.id, text: 'during the rotation' }, rotated);
    let during;
    await arrived(() => {
      const found = received(room).find(({ event }) => event.data.message?.text === 'during the rotation');
      assert.ok(found);
      during = found;
    });
    for (const key of [OLD, NEW]) new Webhook(key).verify(during.request.body, during.request.headers);
  });

  test('are listed for a replay, also after an id', async () => {
    const room = await aRoom();
    await say(room, 'message 2');
    await arrived(() => assert.equal(received(room).length, 3));
    await query(`UPDATE chat_webhook_events SET created_at = created_at - interval '10 s' WHERE chat_room_id = $1`, [room.id]);
    const [first, ...others] = received(room);
    const list = (path) => functions.request('GET', path, platformToken());
    const listed = await list(`webhook_events/?after=${first.id}&page_size=100`);
    checkAgainstContract('GET', '/api/v1/chat/webhook_events/', listed);
    const found = listed.body.results.filter(({ data }) => data.room.id === room.id);
    assert.deepEqual(found.map(({ id, data }) => [id, data]), others.map(({ id, event }) => [id, event.data]));
    for (const { type, timestamp, data } of found) checkWebhook({ type, timestamp, data });
    const page = await list('webhook_events/?page_size=1');
    assert.equal(page.body.results.length, 1);
    assert.match(page.body.next, new RegExp(`after=${page.body.results[0].id}`));
  });
});

const outages = {
  'responds 500': () => 500,
  'closes the connection': () => undefined,
  'responds after ten seconds': () => sleep(10_000).then(() => 204),
};

describe('while the endpoint', () => {
  for (const [name, outage] of Object.entries(outages)) {
    test(`${name}, sending stays fast; afterwards every event arrives in order`, async () => {
      const rooms = await Promise.all(Array.from({ length: 6 }, aRoom));
      await arrived(() => assert.equal(new Set(attempts.map(({ id }) => id)).size, 12));
      // A response that came too late for its function is a failure: its room is in back-off until then.
      await resume();
      // An environment treats the circuit of the last outage as open for a second.
      await sleep(1_100);
      respond = outage;
      for (let n = 2; n <= 12; n += 1) {
        const start = performance.now();
        await say(rooms[n % rooms.length], `message ${n}`);
        const took = performance.now() - start;
        assert.ok(took < 1200, `message ${n} took ${Math.round(took)} ms`);
      }
      await eventually(async () => {
        const [{ open_since: since }] = await query(`SELECT open_since FROM chat_delivery_channels WHERE name = 'webhooks'`);
        assert.ok(since, 'the circuit is open');
      });
      const before = attempts.length;
      await say(rooms[0], 'message 13');
      await sleep(300);
      assert.equal(attempts.length, before, 'an open circuit costs no attempt');

      respond = () => 204;
      await resume();
      for (const it of rooms) {
        const seqs = received(it).map(({ event }) => event.data.message?.seq ?? 0);
        const firsts = [...new Set(seqs)];
        assert.deepEqual(firsts, firsts.toSorted((a, b) => a - b), 'in order');
        const [{ count }] = await query('SELECT message_count::int AS count FROM chat_rooms WHERE id = $1', [it.id]);
        assert.equal(firsts.length, count + 1, 'none is lost');
      }
      const ids = new Map(attempts.map(({ id, event }) => [id, JSON.stringify([event.type, event.timestamp])]));
      assert.ok(attempts.every(({ id, event }) => ids.get(id) === JSON.stringify([event.type, event.timestamp])));
    });
  }

  test('rejects one event, its room waits in order and other rooms do not', async () => {
    const [room, other] = [await aRoom(), await aRoom()];
    await arrived(() => assert.equal(new Set(attempts.map(({ id }) => id)).size, 4));
    respond = (event) => (event.data.message?.text === 'bad' ? 422 : 204);
    await say(room, 'bad');
    await say(room, 'after it');
    await say(other, 'elsewhere');
    await arrived(() => assert.equal(received(other).length, 3));
    await resume();
    assert.ok(!received(room).some(({ event }) => event.data.message?.text === 'after it'));
    const [{ open_since: since }] = await query(`SELECT open_since FROM chat_delivery_channels WHERE name = 'webhooks'`);
    assert.equal(since, null, 'this is no outage');

    respond = () => 204;
    await resume();
    assert.deepEqual(received(room).slice(-2).map(({ event }) => event.data.message.text), ['bad', 'after it']);
  });

  test('responds 410, nothing is sent until an operator resumes the delivery', async () => {
    const room = await aRoom();
    await arrived(() => assert.equal(received(room).length, 2));
    respond = () => 410;
    await say(room, 'message 2');
    await eventually(async () => {
      await endBackOff();
      await sweep();
      const [{ stopped_at: stopped }] = await query(`SELECT stopped_at FROM chat_delivery_channels WHERE name = 'webhooks'`);
      assert.ok(stopped);
    });
    const before = attempts.length;
    respond = () => 204;
    await say(room, 'message 3');
    await endBackOff();
    await sweep();
    assert.equal(attempts.length, before);

    await resume();
    assert.deepEqual(attempts.slice(before).map(({ event }) => event.data.message.seq), [2, 3]);
  });
});
