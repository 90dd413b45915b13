// Records what a phone receives of its inbox, reports what it must never receive, and compares the inbox with
// PostgreSQL, by its own SQL.

import assert from 'node:assert/strict';
import { onChildAdded, onChildChanged, onChildRemoved, onValue, ref } from 'firebase/database';

/** The SDK reports the parts of one write one after the other. */
const ONE_WRITE_MS = 500;
const TIME = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

export class InboxObserver {
  /** Violations so far, as text. */
  violations = [];
  #user;
  #room;
  #present = null;
  #revision = 0;
  #newest = 0;
  #own = new Set();
  #isOpen = true;

  /** Listens to the inbox of a participant of `room`, on the participant's phone. */
  constructor(database, { user, room }) {
    this.#user = user;
    this.#room = room;
    const inbox = ref(database, `inboxes/${user}`);
    const cancelled = (error) => this.#report(`the listener is cancelled: ${error.message}`);
    onChildAdded(inbox, (snapshot) => this.#changed(snapshot.key, snapshot.val()), cancelled);
    onChildChanged(inbox, (snapshot) => this.#changed(snapshot.key, snapshot.val()));
    onChildRemoved(inbox, () => (this.#present = null));
    onChildAdded(ref(database, `chats/${room}/messages`), (snapshot) => {
      const { seq, sender_id } = snapshot.val();
      this.#newest = Math.max(this.#newest, seq);
      if (sender_id === user) this.#own.add(snapshot.key);
    });
    onValue(ref(database, `chats/${room}/metadata/is_active`), (snapshot) => (this.#isOpen = snapshot.val() !== false));
  }

  /** Returns a violation if the entry has outlived its room. */
  outlived() {
    return this.#present !== null && !this.#isOpen ? [`inbox of ${this.#user}, ${this.#room}: the entry outlived its room`] : [];
  }

  #changed(room, entry) {
    this.#present = entry;
    if (room !== this.#room) this.#report(`there is an entry of ${room}`);
    if (entry.revision < this.#revision) this.#report(`revision ${this.#revision} became ${entry.revision}`);
    this.#revision = entry.revision;
    if (!(entry.unread_count >= 0)) this.#report(`unread_count is ${entry.unread_count}`);
    setTimeout(() => {
      // After an interruption, Firebase has the newest 50 messages only: the phone knows the earlier ones by their number.
      const received = this.#newest - this.#own.size;
      if (entry.unread_count > received) this.#report(`unread_count is ${entry.unread_count} after ${received} messages`);
    }, ONE_WRITE_MS).unref();
  }

  #report(violation) {
    this.violations.push(`inbox of ${this.#user}, ${this.#room}: ${violation}`);
  }
}

/** Returns the users whose inbox in Firebase differs from PostgreSQL, each with the first difference. */
export async function inboxDifferences(truth, firebaseUrl, users) {
  const found = [];
  for (const user of users) {
    const response = await fetch(`${firebaseUrl}/inboxes/${user}.json`, { headers: { authorization: 'Bearer owner' } });
    const inbox = (await response.json()) ?? {};
    try {
      assert.deepEqual(inbox, await expectedInbox(truth, user));
    } catch (error) {
      found.push(`inbox of ${user} differs: ${error.message.replaceAll(/\s+/g, ' ').slice(0, 200)}`);
    }
  }
  return found;
}

async function expectedInbox(truth, user) {
  const rows = await truth.query(
    `SELECT room.id AS room, room_type, last_message_text, last_message_sender_id, revision::int,
            message_count::int AS last_message_seq, delivery.tracking_number,
            to_char(last_message_at AT TIME ZONE 'UTC', ${TIME}) AS last_message_at,
            to_char(coalesce(last_message_at, created_at) AT TIME ZONE 'UTC', ${TIME}) AS sort_at,
            CASE side WHEN 'driver' THEN driver_unread_count ELSE other_user_unread_count END::int AS unread_count,
            CASE side WHEN 'driver' THEN archived_by_driver ELSE archived_by_other_user END AS is_archived,
            CASE side WHEN 'driver' THEN muted_by_driver ELSE muted_by_other_user END AS is_muted,
            other.id AS other_id, other.full_name, other.user_type, other.profile_photo_url
     FROM chat_rooms AS room
     CROSS JOIN LATERAL (SELECT CASE driver_id WHEN $1 THEN 'driver' ELSE 'other_user' END AS side) AS side
     LEFT JOIN users AS other ON other.id = CASE side WHEN 'driver' THEN room.other_user_id ELSE room.driver_id END
     LEFT JOIN deliveries AS delivery ON delivery.id = room.delivery_id
     WHERE $1 IN (room.driver_id, room.other_user_id) AND room.is_active`,
    [user],
  );
  const entries = rows.map(({ room, other_id, full_name, user_type, profile_photo_url, ...entry }) => {
    const other_participant = stored({ id: other_id, full_name, user_type, profile_photo_url });
    return [room, { ...stored(entry), other_participant }];
  });
  return Object.fromEntries(entries.filter(([, { is_archived, unread_count }]) => !is_archived || unread_count > 0));
}

/** Removes nulls, which Firebase does not store. */
const stored = (row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
