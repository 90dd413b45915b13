// The workload: messages, edits, deletions, receipts and platform events in all rooms, during the faults.

import { randomUUID } from 'node:crypto';

/** The number of concurrent writers. */
const WRITERS = 8;
/** The number of final messages per room. */
const FINAL_MESSAGES = 5;

/** The number of a person's newest messages in a room that may be edited or deleted. */
const REMEMBERED = 20;

const EVENTS = ['assigned', 'picked_up', 'arriving', 'delivered'];

/** Runs until the planned numbers of messages and faults are reached. */
export async function runWorkload({ rooms, random, systemFaults, faults, endpoint, sent, plan, signal }) {
  const began = performance.now();
  const done = { messages: 0, readings: 0, deliveries: 0, edits: 0, deletions: 0, ms: 0 };
  let struck = 0;
  const remembered = new Map();
  const ownMessages = (person, room) => remembered.get(`${room.id} ${room.people.indexOf(person)}`) ?? [];
  const remember = (person, room, { id }) =>
    remembered.set(`${room.id} ${room.people.indexOf(person)}`, [...ownMessages(person, room), id].slice(-REMEMBERED));
  let pendingRestart = Promise.resolve();
  const enough = () => done.messages >= plan.messages && struck + systemFaults.total >= plan.faults;

  const writer = async () => {
    while (!enough() && !signal.aborted) {
      const room = random.of(rooms);
      const person = random.of(room.people);
      if (random.chance(0.1)) {
        await person.post(`rooms/${room.id}/mark_as_read/`);
        done.readings += 1;
        continue;
      }
      if (await changeSomething(room, person)) continue;
      done.messages += 1;
      const number = done.messages;
      await injectSystemFaults(number, room);
      if (random.chance(0.05)) {
        await room.platform.post('events/', { event_id: randomUUID(), event: random.of(EVENTS), delivery_id: room.delivery });
      } else {
        const body = { chat_room_id: room.id, text: `message ${number}`, client_message_id: randomUUID() };
        remember(person, room, await person.post('messages/', body));
      }
      sent.set(room.id, (sent.get(room.id) ?? 0) + 1);
    }
  };

  /** Sometimes edits or deletes one of the person's messages, reports delivered ones, or archives the room. Returns whether it did. */
  async function changeSomething(room, person) {
    const own = ownMessages(person, room);
    if (random.chance(0.1)) {
      const receipt = { chat_room_id: room.id, seq: random.below(sent.get(room.id) ?? 1) + 1 };
      await person.post('messages/mark_as_delivered/', { receipts: [receipt] });
      done.deliveries += 1;
    } else if (random.chance(0.03)) {
      await person.post(`rooms/${room.id}/archive/`, { archive: random.chance(0.5) });
    } else if (own.length > 0 && random.chance(0.1)) {
      done.edits += 1;
      await person.edit(random.of(own), `edit ${done.edits}`);
    } else if (own.length > 0 && random.chance(0.05)) {
      done.deletions += 1;
      const [message] = own.splice(random.below(own.length), 1);
      await person.deleteMessage(message);
    } else {
      return false;
    }
    return true;
  }

  /** Injects system faults by the number of the message, so that a seed reproduces them. */
  async function injectSystemFaults(number, room) {
    if (random.chance(0.1)) await systemFaults.takeLease(room.id);
    // The webhooks' endpoint is dead for a quarter of the run.
    const part = number / plan.messages;
    endpoint.setDead(part > 0.4 && part < 0.65);
    if (number % 25 === 0) await systemFaults.passTime();
    if (number % 40 === 0) await systemFaults.kill();
    if (number % 300 === 0) await systemFaults.endAccessTokens();
    if (number % 2500 === 1250) pendingRestart = systemFaults.restartPostgres();
    if (number % 50 === 0) struck = await faults.struck();
  }

  await Promise.all(Array.from({ length: WRITERS }, writer));
  await pendingRestart;
  done.ms = performance.now() - began;
  return done;
}

/**
 * Sends a few messages of each participant to each room, one directly after the other, as its last ones. So each side
 * ends with an unread message, whose push must be attempted.
 */
export async function finalMessages({ rooms, random, sent }) {
  const end = async (room, person) => {
    for (let n = 1; n <= FINAL_MESSAGES; n++) {
      await person.post('messages/', { chat_room_id: room.id, text: `final message ${n}`, client_message_id: randomUUID() });
      sent.set(room.id, (sent.get(room.id) ?? 0) + 1);
    }
  };
  await Promise.all(
    rooms.map(async (room) => {
      const first = random.of(room.people);
      await end(room, first);
      await end(room, room.people.find((person) => person !== first));
    }),
  );
}
