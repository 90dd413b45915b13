// The authorisation matrix: each function of template.yaml and the status that each caller gets from it. A function
// without a row fails, and so does a row without a function.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';

import { address, call } from './support/api.mjs';
import { sql } from './support/database.mjs';
import { aClient, aConversation, aDelivery, aDriver, anAdmin, aRoom, person, say } from './support/people.mjs';
import { functions, functionNameOf, routes } from './support/template.mjs';
import { accessToken, now, platformToken } from './support/tokens.mjs';

/**
 * The callers, in the order of the columns.
 *
 *   participant  the driver of a conversation with a client
 *   otherSide    its client
 *   blocked      the driver of a conversation whose client has blocked them
 *   stranger     a driver of other conversations
 *   admin        an admin who is no participant
 *   adminAccess  an admin who has opened the conversation for a dispute
 *   platform     the platform's backend
 */
const CALLERS = [
  'nobody', 'expired', 'refresh', 'inactive', 'unknown',
  'participant', 'otherSide', 'blocked', 'stranger', 'admin', 'adminAccess', 'platform',
];

const ANONYMOUS = [401, 401, 401, 401, 401];
/** Every active user, in the order participant, otherSide, blocked, stranger, admin, adminAccess. */
const EVERYBODY = (status) => [...ANONYMOUS, status, status, status, status, status, status, 401];
/** Participants; a blocked one may still read. */
const PARTICIPANTS = (status) => [...ANONYMOUS, status, status, status, 404, 404, 404, 401];
/** Participants, and an admin with access. */
const READERS = (status) => [...ANONYMOUS, status, status, status, 404, 404, status, 401];
/** Participants who are not blocked. */
const WRITERS = (status) => [...ANONYMOUS, status, status, 403, 404, 404, 404, 401];
const ADMINS = (status) => [...ANONYMOUS, 403, 403, 403, 403, status, status, 401];
const PLATFORM = (status) => [...ANONYMOUS, 401, 401, 401, 401, 401, 401, status];

const text = (it) => ({ chat_room_id: it.room.id, text: 'Bonjour' });

/**
 * One row per function: the statuses in the order of the columns, and the request's path and body for a conversation.
 * `it` has the conversation of the caller's column, and `it.received`, a message that the caller has received.
 */
const MATRIX = {
  'archive-room': [PARTICIPANTS(200), (it) => [`rooms/${it.room.id}/archive/`, { archive: false }]],
  'block-user': [EVERYBODY(201), (it) => [`blocks/${it.somebody.id}/`]],
  'chat-analytics': [ADMINS(200), () => ['analytics/']],
  'close-room-access': [ADMINS(204), (it) => [`rooms/${it.other.id}/access/`]],
  // A new room about another delivery of the same driver and client. Only these two can have it.
  'create-room': [
    [...ANONYMOUS, 201, 200, 403, 400, 400, 400, 401],
    (it) => ['rooms/', { room_type: 'delivery', other_user_id: it.counterpart.id, delivery_id: it.another.id }],
  ],
  'delete-message': [
    // The participant's own message; the others may read it or not, but have not written it.
    [...ANONYMOUS, 200, 403, 200, 404, 404, 404, 401],
    (it) => [`messages/${it.sent}/`],
  ],
  'edit-message': [
    [...ANONYMOUS, 200, 403, 403, 404, 404, 404, 401],
    (it) => [`messages/${it.edited}/`, { text: 'Bonsoir' }],
  ],
  'erase-user': [PLATFORM(202), (it) => [`users/${it.somebody.id}/erase/`]],
  'export-user': [PLATFORM(200), (it) => [`users/${it.somebody.id}/export/`]],
  'firebase-token': [EVERYBODY(200), () => ['firebase_token/']],
  'get-notification-settings': [EVERYBODY(200), () => ['notification_settings/']],
  'get-room': [READERS(200), (it) => [`rooms/${it.room.id}/`]],
  'handle-report': [ADMINS(200), (it) => [`reports/${it.report}/`, { status: 'resolved' }]],
  'lift-legal-hold': [ADMINS(204), (it) => [`rooms/${it.other.id}/legal_hold/`]],
  'list-audit-log': [ADMINS(200), () => ['audit/']],
  'list-blocks': [EVERYBODY(200), () => ['blocks/']],
  'list-messages': [READERS(200), (it) => [`messages/?chat_room_id=${it.room.id}`]],
  'list-quick-replies': [PARTICIPANTS(200), (it) => [`rooms/${it.room.id}/quick_replies/`]],
  'list-reports': [ADMINS(200), () => ['reports/?status=open']],
  'list-rooms': [EVERYBODY(200), () => ['rooms/']],
  'list-webhook-events': [PLATFORM(200), () => ['webhook_events/']],
  // Rooms and messages of others are ignored and not counted.
  'mark-messages-delivered': [
    EVERYBODY(200),
    (it) => ['messages/mark_as_delivered/', { receipts: [{ chat_room_id: it.room.id, seq: 1 }] }],
  ],
  'mark-messages-read': [EVERYBODY(200), (it) => ['messages/mark_as_read/', { message_ids: [it.received] }]],
  'mark-room-read': [PARTICIPANTS(200), (it) => [`rooms/${it.room.id}/mark_as_read/`]],
  'mute-room': [PARTICIPANTS(200), (it) => [`rooms/${it.room.id}/mute/`, { mute: false }]],
  // A room of others, without any access so far.
  'open-room-access': [ADMINS(201), (it) => [`rooms/${it.other.id}/access/`, { reason: 'Litige' }]],
  'receive-event': [
    PLATFORM(201),
    (it) => ['events/', { event_id: randomUUID(), event: 'picked_up', delivery_id: it.delivery.id }],
  ],
  'register-device': [EVERYBODY(201), () => [`devices/${randomUUID()}/`]],
  'remove-device': [EVERYBODY(204), () => [`devices/${randomUUID()}/`]],
  'report-message': [PARTICIPANTS(201), (it) => [`messages/${it.received}/report/`, { reason: 'spam' }]],
  // The participant has not arrived; the other side is not the driver.
  'report-unreachable': [[...ANONYMOUS, 400, 403, 403, 404, 404, 404, 401], (it) => [`rooms/${it.room.id}/unreachable/`]],
  'search-messages': [READERS(200), (it) => [`messages/search/?q=bonjour&chat_room_id=${it.room.id}`]],
  'send-message': [WRITERS(201), (it) => ['messages/', text(it)]],
  'send-platform-message': [
    PLATFORM(201),
    (it) => ['platform_messages/', { message_id: randomUUID(), chat_room_id: it.room.id, text: 'Bonjour' }],
  ],
  'set-legal-hold': [ADMINS(200), (it) => [`rooms/${it.other.id}/legal_hold/`, { reason: 'Plainte' }]],
  'set-notification-settings': [EVERYBODY(200), () => ['notification_settings/', { push_enabled: true }]],
  'set-typing': [WRITERS(200), (it) => [`rooms/${it.room.id}/typing/`, { is_typing: false }]],
  // This stack has no Cloudinary account: 503 for the users who may upload.
  'sign-upload': [WRITERS(503), (it) => ['uploads/', { chat_room_id: it.room.id }]],
  'unblock-user': [EVERYBODY(204), (it) => [`blocks/${it.somebody.id}/`]],
  'unread-count': [EVERYBODY(200), () => ['rooms/unread_count/']],
};

/** Functions that no request reaches: a schedule, a deployment or an operator starts them. */
const WITHOUT_ROUTE = ['deliver-pending', 'maintain-rooms', 'migrate-database', 'preflight', 'repair-mirror', 'roll-up-analytics'];

/** Returns a conversation with what the requests of one caller name. `reader` receives a message. */
async function prepared(conversation, reader) {
  const { driver, client, room } = conversation;
  const sender = reader === driver ? client : driver;
  return {
    ...conversation,
    counterpart: sender,
    received: (await say(sender, room)).id,
    // By the driver.
    sent: (await say(driver, room)).id,
    edited: (await say(driver, room)).id,
    somebody: await aClient(),
    other: (await aConversation()).room,
    another: await aDelivery({ driver, client }),
  };
}

async function reported() {
  const { driver, client, room } = await aConversation();
  const { status, body } = await driver.post(`messages/${(await say(client, room)).id}/report/`, { reason: 'other' });
  assert.equal(status, 201);
  return body.id;
}

const tokens = {};
const subjects = {};

before(async () => {
  const conversation = await aConversation();
  const { driver, client, room } = conversation;
  const report = await reported();
  const [stranger, admin, adminAccess, inactive] = await Promise.all([
    aDriver(),
    anAdmin(),
    anAdmin(),
    person('driver', { is_active: false }),
  ]);
  await aRoom(stranger, await aClient());
  const access = await adminAccess.post(`rooms/${room.id}/access/`, { reason: 'Litige 4711' });
  assert.equal(access.status, 201);

  const blocked = await aConversation();
  const ofBlocked = await prepared(blocked, blocked.driver);
  const { status } = await blocked.client.put(`blocks/${blocked.driver.id}/`);
  assert.equal(status, 201);

  const asDriver = { ...(await prepared(conversation, driver)), report };
  const asClient = { ...(await prepared(conversation, client)), report, another: asDriver.another };
  Object.assign(subjects, {
    participant: asDriver,
    otherSide: asClient,
    blocked: { ...ofBlocked, report },
  });
  for (const caller of CALLERS) {
    subjects[caller] ??= { ...asDriver, somebody: await aClient() };
  }
  Object.assign(tokens, {
    expired: accessToken(driver.id, { exp: now() - 600 }),
    refresh: accessToken(driver.id, { token_type: 'refresh' }),
    inactive: inactive.token,
    unknown: accessToken(randomUUID()),
    participant: driver.token,
    otherSide: client.token,
    blocked: blocked.driver.token,
    stranger: stranger.token,
    admin: admin.token,
    adminAccess: adminAccess.token,
    platform: platformToken(),
  });
});

/** Sends the function's request as the caller, and returns the status. */
async function statusOf(name, caller) {
  const { method } = routes.find((it) => it.name === name && it.method !== 'HEAD');
  const [path, body] = MATRIX[name][1](subjects[caller]);
  const headers = caller === 'nobody' ? {} : { authorization: `Bearer ${tokens[caller]}` };
  if (body) headers['content-type'] = 'application/json';
  const [pathname, query] = path.split('?');
  const url = address(pathname, Object.fromEntries(new URLSearchParams(query)));
  const response = await call(method, url, { headers, payload: body && JSON.stringify(body) });
  return response.status;
}

test('every function has a row', () => {
  const names = functions.map(([logicalId]) => functionNameOf(logicalId));
  const rows = [...Object.keys(MATRIX), ...WITHOUT_ROUTE];
  const missing = names.filter((name) => !rows.includes(name));
  assert.deepEqual(missing, [], 'add a row to MATRIX in tests/authorisation.test.mjs for these functions');
  assert.deepEqual(rows.filter((name) => !names.includes(name)), [], 'these functions do not exist');
});

test('a function without a row is not reachable by a request', () => {
  assert.deepEqual(routes.filter(({ name }) => WITHOUT_ROUTE.includes(name)), []);
});

for (const [name, [statuses]] of Object.entries(MATRIX)) {
  describe(name, () => {
    test('has a status for each caller', () => assert.equal(statuses.length, CALLERS.length));

    for (const [column, caller] of CALLERS.entries()) {
      test(`returns ${statuses[column]} to ${caller}`, async () => {
        assert.equal(await statusOf(name, caller), statuses[column]);
      });
    }
  });
}

test('rejected callers have written nothing', async () => {
  const { room, driver } = subjects.blocked;
  const rows = await sql('SELECT text FROM chat_messages WHERE chat_room_id = $1 AND sender_id = $2 ORDER BY seq', [
    room.id,
    driver.id,
  ]);
  // One was deleted, which a block allows; the other was not edited.
  assert.deepEqual(rows.map(({ text: it }) => it), ['', 'Bonjour']);
});
