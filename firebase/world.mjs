/** The rooms and the callers for the tests of the rules. */

/** Returns `auth` in the rules for a user who signed in with a custom token. */
const signedIn = (uid) => ({
  uid,
  provider: 'custom',
  token: { sub: uid, user_id: uid, firebase: { identities: {}, sign_in_provider: 'custom' } },
});

export const people = {
  driver: signedIn('driver-1'),
  client: signedIn('client-1'),
  /** A participant of another room. */
  stranger: signedIn('stranger-1'),
  /** A deactivated participant of the room `left`, whose session on the phone is still valid. */
  revoked: signedIn('revoked-1'),
  nobody: null,
  /** Signed in with a token that has no uid. */
  unnamed: { provider: 'custom', token: { firebase: { sign_in_provider: 'custom' } } },
  /** The backend: an admin token with `auth_variable_override`, which replaces the whole of `auth`. */
  backend: { uid: 'chat-backend' },
  /** Another server of the platform, with an override of its own. */
  otherServer: { uid: 'reports' },
  /** A client who got the backend's uid through a fault elsewhere; its `auth` has a token and a provider. */
  impostor: signedIn('chat-backend'),
  impostorByToken: { uid: 'chat-backend', token: signedIn('chat-backend').token },
  impostorByProvider: { uid: 'chat-backend', provider: 'custom' },
};

export const message = (id, fields = {}) => ({
  id,
  sender_id: 'driver-1',
  message_type: 'text',
  text: 'Bonjour',
  image_url: '',
  timestamp: '2025-01-15T14:30:00.000000Z',
  seq: 1,
  is_read: false,
  is_deleted: false,
  revision: 5,
  ...fields,
});

export const metadata = (fields = {}) => ({
  id: 'open',
  room_type: 'delivery',
  driver_id: 'driver-1',
  other_user_id: 'client-1',
  delivery_id: 'delivery-1',
  created_at: '2025-01-15T10:00:00.000000Z',
  is_active: true,
  last_message_text: 'Bonjour',
  last_message_at: '2025-01-15T14:30:00.000000Z',
  last_message_sender_id: 'driver-1',
  revision: 5,
  ...fields,
});

/** The entry of the room `open` in the client's inbox. */
export const inboxEntry = (fields = {}) => ({
  room_type: 'delivery',
  other_participant: { id: 'driver-1', full_name: 'Awa Koné', user_type: 'driver' },
  tracking_number: 'LBN123456',
  last_message_text: 'Bonjour',
  last_message_at: '2025-01-15T14:30:00.000000Z',
  last_message_sender_id: 'driver-1',
  last_message_seq: 1,
  sort_at: '2025-01-15T14:30:00.000000Z',
  unread_count: 1,
  is_archived: false,
  is_muted: false,
  revision: 5,
  ...fields,
});

/** The watermarks of one participant. */
export const receipt = { delivered_seq: 1, read_seq: 1 };

export const typing = { timestamp: '2025-01-15T14:30:15.123Z' };

const people1 = { 'driver-1': typing, 'client-1': typing };

export const world = {
  revoked: { 'revoked-1': true },
  inboxes: {
    'driver-1': { open: inboxEntry({ unread_count: 0 }), left: inboxEntry() },
    'client-1': { open: inboxEntry() },
    'revoked-1': { left: inboxEntry() },
  },
  chats: {
    open: { metadata: metadata(), messages: { m1: message('m1') }, receipts: { 'driver-1': receipt, 'client-1': receipt }, typing: people1 },
    closed: {
      metadata: metadata({ id: 'closed', is_active: false }),
      messages: { m1: message('m1') },
      typing: people1,
    },
    // After a delivery has ended: before and after `closes_at_ms`, before maintain-rooms closes the room.
    closing: { metadata: metadata({ id: 'closing', closes_at_ms: Date.now() + 3_600_000 }), typing: people1 },
    over: { metadata: metadata({ id: 'over', closes_at_ms: Date.now() - 1 }), messages: { m1: message('m1') }, typing: people1 },
    // The driver has blocked the client.
    blocked: { metadata: metadata({ id: 'blocked', blocked: { 'client-1': true } }), typing: people1 },
    left: {
      metadata: metadata({ id: 'left', other_user_id: 'revoked-1' }),
      messages: { m1: message('m1') },
      typing: { 'revoked-1': typing },
    },
    other: { metadata: metadata({ id: 'other', driver_id: 'stranger-1', other_user_id: 'stranger-2' }) },
  },
};
