// The measured requests: one row per function. The bench fails if a function has no row.
//
// `ids` are ids of `data.sql`, as pgbench expressions over `:n`, the number of the request. JavaScript evaluates them too,
// and replaces `{name}` in the other fields by the id of this name. The other fields are the request and:
//
//   as           the user whose token is sent; `platform` is the platform's backend
//   answers      the statuses that count as success (default: 200)
//   requests     the number of measured requests if each can be sent only once; `prepare` is SQL that allows them again
//   fresh        no `n` is used twice in a run
//   environment  additional variables of the function
//   event        the input of a schedule, instead of a request
const ROOM = { driver: '1 + :n % 300', client: '301 + :n % 690', room: '100000 + :n' };
const AS_DRIVER = { ids: ROOM, as: '{driver}' };
/** The messages that the driver of a room has not read: three of the last five of 100. */
const UNREAD = [96, 98, 100];
const UNREAD_IDS = Object.fromEntries(UNREAD.map((seq) => [`message${seq}`, `10000000000 + ${seq - 1} * 10000 + :n - 1`]));
const ROOMS = "BETWEEN lpad('100001', 32, '0')::uuid AND lpad('110000', 32, '0')::uuid";
const UNREAD_AGAIN = `
  SET session_replication_role = replica;
  UPDATE chat_messages SET read_at = NULL
  WHERE seq IN (${UNREAD}) AND read_at IS NOT NULL
    AND chat_room_id IN (SELECT id FROM chat_rooms WHERE driver_unread_count = 0 AND id ${ROOMS});
  UPDATE chat_rooms SET driver_unread_count = 3 WHERE driver_unread_count = 0 AND id ${ROOMS}`;
/** The driver has arrived, and the last message is the driver's and ten minutes old. */
const UNANSWERED = `
  SET session_replication_role = replica;
  INSERT INTO chat_events (event_id, event, delivery_id)
  SELECT gen_random_uuid(), 'arriving', delivery_id FROM chat_rooms WHERE id ${ROOMS};
  UPDATE chat_rooms SET message_count = message_count + 1, unreachable_until = NULL WHERE id ${ROOMS};
  INSERT INTO chat_messages (id, chat_room_id, seq, sender_id, message_type, text, created_at, read_at, revision)
  SELECT gen_random_uuid(), id, message_count, driver_id, 'text', 'Je suis là', now() - interval '10 minutes', now(), revision
  FROM chat_rooms WHERE id ${ROOMS}`;
const REPORTED = `
  INSERT INTO chat_reports (id, message_id, chat_room_id, reason, created_at)
  SELECT lpad((720000000000 + n)::text, 32, '0')::uuid, gen_random_uuid(), lpad((100000 + n)::text, 32, '0')::uuid, 'spam', now()
  FROM generate_series(1, 10000) AS n
  ON CONFLICT (id) DO UPDATE SET status = 'open', handled_at = NULL, handled_by = NULL, note = ''`;
/** Allows a message of each room, written by its driver and read, to be edited or deleted (again). */
const editable = (seq) => `
  SET session_replication_role = replica;
  UPDATE chat_messages SET created_at = now(), text = 'Je suis là', deleted_at = NULL
  WHERE seq = ${seq} AND chat_room_id ${ROOMS} AND (deleted_at IS NOT NULL OR created_at < now() - interval '1 day')`;
const EDIT_WINDOW = { EDIT_WINDOW_SECONDS: '2592000' };
const NOTHING_TO_MIRROR = `
  SET session_replication_role = replica;
  UPDATE chat_rooms SET mirrored_revision = revision, behind_since = NULL WHERE revision > mirrored_revision`;
/** The variables of a Firebase that responds; `run.mjs` starts it and fills them in. */
export const STAND_IN = {};
const NO_FCM = { FCM_URL: 'http://127.0.0.1:9' };
const NO_FIREBASE = { FIREBASE_DATABASE_URL: 'http://127.0.0.1:9' };
const MARKED_ONCE = { prepare: UNREAD_AGAIN, requests: 3000 };

export const CASES = [
  { function: 'list-rooms', ...AS_DRIVER, path: '/rooms/' },
  { function: 'get-room', ...AS_DRIVER, path: '/rooms/{room}/' },
  {
    function: 'create-room',
    ids: { driver: '1 + :n % 300', client: '301 + :n / 300 % 690' },
    as: '{driver}',
    path: '/rooms/',
    body: { other_user_id: '{client}', room_type: 'delivery', initial_message: 'Bonjour, je suis votre livreur' },
    answers: [201],
    requests: 3000,
    fresh: true,
  },
  { function: 'mark-room-read', ...AS_DRIVER, method: 'POST', path: '/rooms/{room}/mark_as_read/', ...MARKED_ONCE },
  { function: 'archive-room', ...AS_DRIVER, path: '/rooms/{room}/archive/', body: { archive: true } },
  { function: 'unread-count', ...AS_DRIVER, path: '/rooms/unread_count/' },
  { function: 'list-messages', ...AS_DRIVER, path: '/messages/?chat_room_id={room}' },
  {
    function: 'send-message',
    ...AS_DRIVER,
    path: '/messages/',
    body: { chat_room_id: '{room}', text: "J'arrive dans cinq minutes, je suis au portail" },
    answers: [201],
  },
  {
    function: 'mark-messages-read',
    ids: { ...ROOM, ...UNREAD_IDS },
    as: '{driver}',
    path: '/messages/mark_as_read/',
    body: { message_ids: UNREAD.map((seq) => `{message${seq}}`) },
    ...MARKED_ONCE,
  },
  {
    function: 'mark-messages-delivered',
    ...AS_DRIVER,
    path: '/messages/mark_as_delivered/',
    body: { receipts: [{ chat_room_id: '{room}', seq: 50 }] },
  },
  {
    function: 'edit-message',
    // The text differs each time, because the same text changes nothing.
    ids: { driver: '1 + (1 + :n % 10000) % 300', message: '10000000000 + 92 * 10000 + :n % 10000', text: '730000000000 + :n' },
    as: '{driver}',
    method: 'PATCH',
    path: '/messages/{message}/',
    body: { text: '{text}' },
    environment: EDIT_WINDOW,
    prepare: editable(93),
    requests: 3000,
    fresh: true,
  },
  {
    function: 'delete-message',
    ids: { driver: ROOM.driver, message: '10000000000 + 94 * 10000 + :n - 1' },
    as: '{driver}',
    method: 'DELETE',
    path: '/messages/{message}/',
    environment: EDIT_WINDOW,
    prepare: editable(95),
    requests: 3000,
  },
  {
    function: 'report-message',
    ids: { ...ROOM, message: '10000000000 + 99 * 10000 + :n - 1' },
    as: '{driver}',
    path: '/messages/{message}/report/',
    body: { reason: 'spam' },
    answers: [200, 201],
  },
  { function: 'list-reports', ids: { admin: '991 + :n % 10' }, as: '{admin}', path: '/reports/?status=open' },
  {
    function: 'handle-report',
    ids: { admin: '991 + :n % 10', report: '720000000000 + :n' },
    as: '{admin}',
    method: 'PATCH',
    path: '/reports/{report}/',
    body: { status: 'resolved', note: 'Averti' },
    prepare: REPORTED,
    requests: 3000,
  },
  {
    function: 'block-user',
    ids: { driver: ROOM.driver, other: '301 + (:n * 7) % 690' },
    as: '{driver}',
    method: 'PUT',
    path: '/blocks/{other}/',
    answers: [200, 201],
  },
  {
    function: 'unblock-user',
    ids: { driver: ROOM.driver, other: '301 + (:n * 7) % 690' },
    as: '{driver}',
    method: 'DELETE',
    path: '/blocks/{other}/',
    answers: [204],
  },
  { function: 'list-blocks', ...AS_DRIVER, path: '/blocks/' },
  { function: 'mute-room', ...AS_DRIVER, path: '/rooms/{room}/mute/', body: { mute: true } },
  { function: 'set-typing', ...AS_DRIVER, path: '/rooms/{room}/typing/', body: { is_typing: true } },
  { function: 'sign-upload', ...AS_DRIVER, path: '/uploads/', body: { chat_room_id: '{room}' } },
  { function: 'firebase-token', ...AS_DRIVER, method: 'POST', path: '/firebase_token/', environment: { FIREBASE_DATABASE_URL: 'https://relais-bench.firebaseio.com' } },
  { function: 'search-messages', ...AS_DRIVER, path: '/messages/search/?q=bonjour' },
  { function: 'chat-analytics', ids: { admin: '991 + :n % 10' }, as: '{admin}', path: '/analytics/?from=2020-01-01&to=2020-01-24' },
  {
    function: 'receive-event',
    ids: { event: '700000000000 + :n', delivery: '1100001 + :n % 10000' },
    as: 'platform',
    path: '/events/',
    body: { event_id: '{event}', event: 'arriving', delivery_id: '{delivery}' },
    answers: [201],
    requests: 3000,
    fresh: true,
  },
  {
    function: 'open-room-access',
    ids: { admin: '991 + :n % 10', room: ROOM.room },
    as: '{admin}',
    method: 'POST',
    path: '/rooms/{room}/access/',
    body: { reason: 'Litige' },
    answers: [200, 201],
  },
  { function: 'close-room-access', ids: { admin: '991 + :n % 10', room: ROOM.room }, as: '{admin}', method: 'DELETE', path: '/rooms/{room}/access/', answers: [204] },
  { function: 'list-audit-log', ids: { admin: '991 + :n % 10' }, as: '{admin}', path: '/audit/' },
  {
    function: 'set-legal-hold',
    ids: { admin: '991 + :n % 10', room: ROOM.room },
    as: '{admin}',
    method: 'PUT',
    path: '/rooms/{room}/legal_hold/',
    body: { reason: 'Plainte' },
  },
  { function: 'lift-legal-hold', ids: { admin: '991 + :n % 10', room: ROOM.room }, as: '{admin}', method: 'DELETE', path: '/rooms/{room}/legal_hold/', answers: [204] },
  { function: 'export-user', ids: { driver: ROOM.driver }, as: 'platform', path: '/users/{driver}/export/' },
  { function: 'list-webhook-events', ids: {}, as: 'platform', path: '/webhook_events/' },
  {
    function: 'send-platform-message',
    ids: { message: '710000000000 + :n', room: ROOM.room },
    as: 'platform',
    path: '/platform_messages/',
    body: { message_id: '{message}', chat_room_id: '{room}', text: 'Le point de retrait a changé.' },
    // An id that was used for another room would be rejected.
    prepare: 'TRUNCATE chat_platform_messages',
    answers: [201],
    requests: 3000,
    fresh: true,
  },
  {
    function: 'report-unreachable',
    ...AS_DRIVER,
    method: 'POST',
    path: '/rooms/{room}/unreachable/',
    prepare: UNANSWERED,
    requests: 3000,
  },
  { function: 'list-quick-replies', ...AS_DRIVER, path: '/rooms/{room}/quick_replies/' },
  {
    function: 'register-device',
    ids: { driver: ROOM.driver, device: '400000 + :n' },
    as: '{driver}',
    method: 'PUT',
    path: '/devices/{device}/',
    answers: [200, 201],
    environment: NO_FCM,
  },
  {
    function: 'remove-device',
    ids: { driver: ROOM.driver, device: '500000 + :n' },
    as: '{driver}',
    method: 'DELETE',
    path: '/devices/{device}/',
    answers: [204],
    prepare: `INSERT INTO chat_devices SELECT lpad((500000 + n)::text, 32, '0')::uuid, lpad((1 + n % 300)::text, 32, '0')::uuid, now()
      FROM generate_series(1, 4000) AS n ON CONFLICT DO NOTHING`,
    requests: 3000,
  },
  { function: 'get-notification-settings', ...AS_DRIVER, path: '/notification_settings/' },
  {
    function: 'set-notification-settings',
    ...AS_DRIVER,
    method: 'PUT',
    path: '/notification_settings/',
    body: { push_enabled: true, quiet_from: '22:00', quiet_to: '07:00' },
  },
  { function: 'roll-up-analytics', event: {}, answers: [] },
  // Nothing is pending, which is the usual case.
  { function: 'deliver-pending', event: { channel: 'mirror' }, answers: [], environment: NO_FIREBASE, prepare: NOTHING_TO_MIRROR },
  { function: 'maintain-rooms', event: {}, answers: [] },
  // Starts after the last room, to measure the fixed cost of a run.
  { function: 'repair-mirror', event: { action: 'compare', after: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }, answers: [], environment: STAND_IN },
  { function: 'migrate-database', event: {}, answers: [] },
  // Without Firebase, FCM and webhooks: the settings, the secret and PostgreSQL. Cloudinary is unreachable (`run.mjs`).
  { function: 'preflight', event: {}, answers: [] },
  // The last one, because `maintain-rooms` would continue the erasures.
  {
    function: 'erase-user',
    ids: { driver: ROOM.driver },
    as: 'platform',
    method: 'POST',
    path: '/users/{driver}/erase/',
    answers: [202],
    requests: 300,
  },
];

/** Returns further requests whose statements are in `plans/`: other paths of the functions above. */
export function otherPaths() {
  // Nothing listens at the address of the webhooks, but their events are leased.
  const environment = { ...STAND_IN, WEBHOOK_URL: 'http://127.0.0.1:9/', WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}` };
  const send = CASES.find((it) => it.function === 'send-message');
  const firebaseToken = CASES.find((it) => it.function === 'firebase-token');
  return [
    { function: 'list-messages', ...AS_DRIVER, path: '/messages/?chat_room_id={room}&after_seq=50' },
    { function: 'search-messages', ...AS_DRIVER, path: '/messages/search/?q=bonjour&chat_room_id={room}' },
    { function: 'list-messages', ...AS_DRIVER, path: '/messages/?chat_room_id={room}&changed_since=50' },
    { ...send, environment },
    { ...send, environment: { ...environment, ...NO_FIREBASE, ...NO_FCM } },
    ...['mirror', 'push', 'webhooks'].map((channel) => ({ function: 'deliver-pending', event: { channel }, answers: [], environment })),
    { ...firebaseToken, environment },
    { function: 'maintain-rooms', event: {}, answers: [], environment: { ...environment, RETENTION_DAYS: '365' } },
  ];
}

/** The same request on growing amounts of data, in turns: `{group: request}`, all of one function. */
const page = (room, number) => ({ as: '{driver}', ids: { driver: '2004', room }, path: `/messages/?chat_room_id={room}&page=${number}` });
const rooms = (driver, query = '') => ({ as: '{driver}', ids: { driver }, path: `/rooms/${query}` });
const search = (driver, words) => ({ as: '{driver}', ids: { driver }, path: `/messages/search/?q=${encodeURIComponent(words)}` });
const unread = (room, path) => ({ as: '{driver}', ids: { driver: '2005', room }, path });

export const GROWTH = [
  {
    title: 'A page of the history, by messages in the room',
    function: 'list-messages',
    flat: true,
    requests: {
      '10^3, page 1': page('300001', 1),
      '10^3, last page': page('300001', 'last'),
      '10^5, page 1': page('300002', 1),
      '10^5, page 100': page('300002', 100),
      '10^5, last page': page('300002', 'last'),
      '10^6, page 1': page('300003', 1),
      '10^6, page 100': page('300003', 100),
      '10^6, last page': page('300003', 'last'),
    },
  },
  {
    title: 'A page of the history, by what is unread',
    function: 'list-messages',
    flat: true,
    requests: { 'none': unread('300011', '/messages/?chat_room_id={room}'), '10,000': unread('300012', '/messages/?chat_room_id={room}') },
  },
  {
    title: 'The list of rooms, by how many there are',
    function: 'list-rooms',
    below: 5,
    requests: {
      '10': rooms('2001'),
      '1,000': rooms('2002'),
      '1,000, last page': rooms('2002', '?page=last'),
      '10,000': rooms('2003'),
      '10,000, page 100': rooms('2003', '?page=100'),
      '10,000, last page': rooms('2003', '?page=last'),
    },
  },
  {
    title: 'A search in the list of rooms',
    function: 'list-rooms',
    below: 5,
    requests: { '10': rooms('2001', '?search=personne'), '1,000': rooms('2002', '?search=personne'), '10,000': rooms('2003', '?search=LBN220777') },
  },
  {
    title: 'A search in the messages, at 10,000 rooms and 400,000 messages',
    function: 'search-messages',
    below: 5,
    requests: Object.fromEntries(['bonjour', 'pourcent', 'mille', 'zanzibar', 'introuvable', 'bonjour zanz'].map((words) => [words, search('2003', words)])),
  },
  {
    title: 'The number of unread messages, by rooms',
    function: 'unread-count',
    below: 5,
    requests: { '33': { as: '{driver}', ids: { driver: '1' }, path: '/rooms/unread_count/' }, '10,000': { as: '{driver}', ids: { driver: '2003' }, path: '/rooms/unread_count/' } },
  },
];
