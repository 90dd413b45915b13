// The conversations: messages, markings and events of the platform in all rooms at once, while things go wrong.

import { randomUUID } from 'node:crypto';

/** How many people write at once. */
const WRITERS = 8;
/** How many messages each room ends with. */
const LAST_WORDS = 5;

const EVENTS = ['assigned', 'picked_up', 'arriving', 'delivered'];

/** Talks until there were as many messages and faults as planned. */
export async function talk({ rooms, random, injuries, faults, sent, plan, signal }) {
  const began = performance.now();
  const talked = { messages: 0, readings: 0, ms: 0 };
  let struck = 0;
  let pendingRestart = Promise.resolve();
  const enough = () => talked.messages >= plan.messages && struck + injuries.total >= plan.faults;

  const writer = async () => {
    while (!enough() && !signal.aborted) {
      const room = random.of(rooms);
      const person = random.of(room.people);
      if (random.chance(0.1)) {
        await person.post(`rooms/${room.id}/mark_as_read/`);
        talked.readings += 1;
        continue;
      }
      talked.messages += 1;
      const number = talked.messages;
      await hurt(number, room);
      if (random.chance(0.05)) {
        await room.platform.post('events/', { event_id: randomUUID(), event: random.of(EVENTS), delivery_id: room.delivery });
      } else {
        await person.post('messages/', { chat_room_id: room.id, text: `message ${number}`, client_message_id: randomUUID() });
      }
      sent.set(room.id, (sent.get(room.id) ?? 0) + 1);
    }
  };

  /** By the number of the message, so that a seed brings them back. */
  async function hurt(number, room) {
    if (random.chance(0.1)) await injuries.takeLease(room.id);
    if (number % 40 === 0) await injuries.kill();
    if (number % 300 === 0) await injuries.endAccessTokens();
    if (number % 2500 === 1250) pendingRestart = injuries.restartPostgres();
    if (number % 50 === 0) struck = await faults.struck();
  }

  await Promise.all(Array.from({ length: WRITERS }, writer));
  await pendingRestart;
  talked.ms = performance.now() - began;
  return talked;
}

/** Has each room end with a few messages of one person, quickly one after the other; nothing comes after the last. */
export async function lastWords({ rooms, random, sent }) {
  const end = async (room, person) => {
    for (let n = 1; n <= LAST_WORDS; n++) {
      await person.post('messages/', { chat_room_id: room.id, text: `last word ${n}`, client_message_id: randomUUID() });
      sent.set(room.id, (sent.get(room.id) ?? 0) + 1);
    }
  };
  await Promise.all(rooms.map((room) => end(room, random.of(room.people))));
}
