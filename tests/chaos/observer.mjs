// Records what a phone receives through the official SDK, and reports what it must never receive.

import { onChildAdded, onChildChanged, onChildRemoved, onValue, orderByChild, query, ref } from 'firebase/database';

/** The number of messages per room in Firebase. */
const WINDOW = 50;

export class Observer {
  /** Violations so far, as text. */
  violations = [];
  #room;
  #present = new Map();
  #newest = 0;
  #revision = 0;
  #seen = new Map();
  #receipts = new Map();

  constructor(database, room) {
    this.#room = room;
    const messages = query(ref(database, `chats/${room}/messages`), orderByChild('timestamp'));
    const cancelled = (error) => this.#report(`the listener is cancelled: ${error.message}`);
    onChildAdded(messages, (snapshot) => this.#added(snapshot.key, snapshot.val()), cancelled);
    onChildChanged(messages, (snapshot) => this.#changed(snapshot.key, snapshot.val()));
    onChildRemoved(messages, (snapshot) => this.#removed(snapshot.key, snapshot.val()));
    onValue(ref(database, `chats/${room}/receipts`), (snapshot) => this.#received(snapshot.val() ?? {}), cancelled);
    onValue(ref(database, `chats/${room}/metadata/revision`), (snapshot) => this.#revised(snapshot.val()), cancelled);
  }

  /** Returns when a message was first received, by this process's clock in milliseconds. */
  seenAt(id) {
    return this.#seen.get(id);
  }

  #added(id, message) {
    if (this.#present.has(id)) this.#report(`message ${message.seq} arrived twice`);
    if (this.#seen.has(id)) this.#report(`message ${message.seq} arrived again after its removal`);
    this.#seen.set(id, performance.now());
    this.#present.set(id, message);
    this.#newest = Math.max(this.#newest, message.seq);
  }

  #changed(id, message) {
    const before = this.#present.get(id);
    if (before?.is_read && !message.is_read) this.#report(`the receipt of message ${message.seq} was undone`);
    if (before?.is_deleted && !message.is_deleted) this.#report(`the deletion of message ${message.seq} was undone`);
    if (message.is_deleted && message.text !== '') this.#report(`message ${message.seq} is deleted and has a text`);
    if (before && before.revision >= message.revision) this.#report(`message ${message.seq} went back to revision ${message.revision}`);
    const isChange = message.is_deleted || before?.edited_at !== message.edited_at;
    if (before && (before.seq !== message.seq || (before.text !== message.text && !isChange))) this.#report(`message ${message.seq} changed`);
    this.#present.set(id, message);
  }

  #removed(id, message) {
    this.#present.delete(id);
    // For one write, the SDK reports removals before additions.
    setImmediate(() => {
      if (message.seq > this.#newest - WINDOW) this.#report(`message ${message.seq} was removed while ${this.#newest} is the newest`);
    });
  }

  #received(receipts) {
    for (const [person, receipt] of Object.entries(receipts)) {
      for (const [watermark, seq] of Object.entries(receipt)) {
        const before = this.#receipts.get(`${person} ${watermark}`) ?? 0;
        if (seq < before) this.#report(`${watermark} of ${person} went back from ${before} to ${seq}`);
        this.#receipts.set(`${person} ${watermark}`, seq);
      }
    }
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
