// The platform's endpoint for webhooks, with faults, and the check of what it has received.

import { startReceiver } from '../../dev/parts/webhooks.mjs';
import { seeded } from './random.mjs';

/** About 25 % of the attempts meet one of these. `accepted`: the event is handled although the function sees a failure. */
const FAULTS = [
  { status: 500, probability: 0.04 },
  { status: 500, accepted: true, probability: 0.03 },
  { status: 503, probability: 0.03 },
  { status: 422, probability: 0.02 },
  { status: undefined, probability: 0.04 },
  { status: undefined, accepted: true, probability: 0.03 },
  // Longer than the time-outs after a response (0.2 s) and in the sweep (10 s).
  { status: 204, accepted: true, delayMs: 700, probability: 0.04 },
  { status: 204, accepted: true, delayMs: 12_000, probability: 0.001 },
  { status: 204, accepted: true, delayMs: 100, probability: 0.05 },
];

export class Endpoint {
  /** Faults so far. */
  struck = 0;
  /** Accepted events in the order of their acceptance: `{id, event}`. An event may be in it several times. */
  #accepted = [];
  /** The content of each attempt by id. */
  #contents = new Map();
  #violations = [];
  #random;
  #faults = [];
  #isDead = false;
  #close;

  async start({ port, secret, seed }) {
    // Its own generator: the decisions of the other faults stay those of their seed.
    this.#random = seeded(seed + 1);
    this.#close = await startReceiver({ host: '127.0.0.1', port, secret, handle: (id, event) => this.#handle(id, event) });
  }

  stop() {
    return this.#close?.();
  }

  enableFaults() {
    this.#faults = FAULTS;
  }

  /** Accepts no connection's request, or accepts them again. */
  setDead(isDead) {
    this.#isDead = isDead;
  }

  recover() {
    this.#faults = [];
    this.#isDead = false;
  }

  get attempts() {
    return this.#contents.size;
  }

  async #handle(id, event) {
    this.#checkContent(id, event);
    const fault = this.#isDead ? { status: undefined } : this.#fault();
    if (fault) this.struck += 1;
    if (!fault || fault.accepted) this.#accepted.push({ id, room: event.data.room.id });
    if (fault?.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    return fault ? fault.status : 204;
  }

  #fault() {
    let left = this.#random.next();
    return this.#faults.find(({ probability }) => (left -= probability) < 0);
  }

  /** All attempts of an event have the same id, type, time and message. */
  #checkContent(id, { type, timestamp, data }) {
    const content = JSON.stringify([type, timestamp, data.room.id, data.message?.id]);
    const known = this.#contents.get(id);
    if (known !== undefined && known !== content) this.#violations.push(`event ${id} was ${known} and became ${content}`);
    this.#contents.set(id, content);
  }

  /**
   * Returns what is wrong, as text: an event that is missing in PostgreSQL, was never accepted, or was accepted before an
   * earlier one of its room.
   */
  async wrong(truth) {
    const found = [...this.#violations];
    const events = await truth.query('SELECT id, type, chat_room_id AS room, message_id AS message FROM chat_webhook_events ORDER BY id');
    const written = events.map(({ type, room, message }) => `${type} ${message ?? room}`).sort();
    const expected = (await truth.query(
      `SELECT 'message.created ' || id AS event FROM chat_messages
       UNION ALL SELECT 'room.created ' || id FROM chat_rooms
       -- Each edit and each deletion leaves a version; the last version of a tombstone is that of the deletion.
       UNION ALL
       SELECT CASE WHEN deleted_at IS NOT NULL AND version.revision = max(version.revision) OVER (PARTITION BY message_id)
                   THEN 'message.deleted ' ELSE 'message.edited ' END || message_id
       FROM chat_message_versions AS version JOIN chat_messages AS message ON message.id = message_id`,
    )).map(({ event }) => event).sort();
    const happened = written.filter((event) => !event.startsWith('room.closed'));
    if (JSON.stringify(happened) !== JSON.stringify(expected)) {
      found.push(`${expected.length} events were expected in PostgreSQL, and ${happened.length} are there`);
    }
    const firsts = new Map();
    for (const { id, room } of this.#accepted) {
      if (!firsts.has(room)) firsts.set(room, new Set());
      firsts.get(room).add(id);
    }
    for (const room of new Set(events.map((event) => event.room))) {
      const wanted = events.filter((event) => event.room === room).map(({ id }) => id);
      const accepted = [...(firsts.get(room) ?? [])];
      const missing = wanted.filter((id) => !accepted.includes(id));
      if (missing.length > 0) found.push(`${room}: ${missing.length} events were never accepted, the first is ${missing[0]}`);
      else if (accepted.length !== wanted.length) found.push(`${room}: unknown events were accepted`);
      else if (accepted.some((id, index) => id !== wanted[index])) found.push(`${room}: events were accepted in another order`);
    }
    return found;
  }
}
