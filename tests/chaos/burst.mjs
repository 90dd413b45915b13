// Sends a burst to one room, while nobody else writes. During a write to Firebase, new messages wait for the next write.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

const WRITERS = 16;
const SEEN_WITHIN_MS = 1000;

/** Sends as fast as possible, and returns a summary with the number of writes. */
export async function burst(room, { sent, faults, messages }) {
  const before = await faults.writes();
  let started = 0;
  let last;
  const writer = async () => {
    while (started < messages) {
      started += 1;
      const body = { chat_room_id: room.id, text: `burst ${started}`, client_message_id: randomUUID() };
      const message = await room.people[0].post('messages/', body);
      sent.set(room.id, (sent.get(room.id) ?? 0) + 1);
      if (!last || message.seq > last.seq) last = { ...message, repliedAt: performance.now() };
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: WRITERS }, writer));
  const seconds = (performance.now() - began) / 1000;

  const deadline = last.repliedAt + 10 * SEEN_WITHIN_MS;
  while (room.observer.seenAt(last.id) === undefined && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const lag = room.observer.seenAt(last.id) - last.repliedAt;
  const writes = (await faults.writes()) - before;
  assert.ok(lag < SEEN_WITHIN_MS, `the last message of the burst was seen ${Math.round(lag)} ms after its reply`);
  assert.ok(writes > 0 && writes < messages / 2, `${messages} messages took ${writes} writes`);
  return `A burst of ${messages} messages in ${seconds.toFixed(1)} s took ${writes} writes (1 to ${(messages / writes).toFixed(1)}); the last was seen ${Math.round(lag)} ms after its reply.`;
}
