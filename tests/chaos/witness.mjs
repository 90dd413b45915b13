// What a phone sees, by the official SDK, and what it must never see.

import { onChildAdded, onChildChanged, onChildRemoved, onValue, orderByChild, query, ref } from 'firebase/database';

/** How many messages of a room Firebase keeps. */
const WINDOW = 50;

export class Witness {
  /** What was seen that must not be, in words. */
  violations = [];
  #room;
  #present = new Map();
  #newest = 0;
  #revision = 0;
  #seen = new Map();

  constructor(database, room) {
    this.#room = room;
    const messages = query(ref(database, `chats/${room}/messages`), orderByChild('timestamp'));
    const refused = (error) => this.#report(`the phone is refused: ${error.message}`);
    onChildAdded(messages, (snapshot) => this.#added(snapshot.key, snapshot.val()), refused);
    onChildChanged(messages, (snapshot) => this.#changed(snapshot.key, snapshot.val()));
    onChildRemoved(messages, (snapshot) => this.#removed(snapshot.key, snapshot.val()));
    onValue(ref(database, `chats/${room}/metadata/revision`), (snapshot) => this.#revised(snapshot.val()), refused);
  }

  /** When a message was first seen, by this process's clock in milliseconds. */
  seenAt(id) {
    return this.#seen.get(id);
  }

  #added(id, message) {
    if (this.#present.has(id)) this.#report(`message ${message.seq} came twice`);
    if (this.#seen.has(id)) this.#report(`message ${message.seq} came again after it had gone`);
    this.#seen.set(id, performance.now());
    this.#present.set(id, message);
    this.#newest = Math.max(this.#newest, message.seq);
  }

  #changed(id, message) {
    const before = this.#present.get(id);
    if (before?.is_read && !message.is_read) this.#report(`the receipt of message ${message.seq} was taken back`);
    if (before && (before.text !== message.text || before.seq !== message.seq)) this.#report(`message ${message.seq} became another`);
    this.#present.set(id, message);
  }

  #removed(id, message) {
    this.#present.delete(id);
    // Of one write the SDK tells what went before it tells what came.
    setImmediate(() => {
      if (message.seq > this.#newest - WINDOW) this.#report(`message ${message.seq} went, and ${this.#newest} is the newest`);
    });
  }

  #revised(revision) {
    if (revision === null && this.#revision === 0) return;
    if (revision < this.#revision) this.#report(`revision ${this.#revision} became ${revision}`);
    this.#revision = revision;
  }

  #report(violation) {
    this.violations.push(`${this.#room}: ${violation}`);
  }
}
