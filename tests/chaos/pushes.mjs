// Compares the pushes in the stand-in's journal with PostgreSQL, by its own SQL.

/** The longest time from the check that a message is unread to its push: 20 s, and a margin. */
const UNDER_WAY_MS = 25_000;
/**
 * The least time from a delayed push to its repetition: the function gives up after 1.5 s and retries 10 s later at
 * the earliest, and the push was delayed by 5 s.
 */
const AGAIN_MS = 1_500 + 10_000 - 5_000;
/** The lease of a push after a response. The sweep's lease is longer. */
const LEASE_MS = 10_000;
/** The longest time from a push to the recorded kill that interrupted it. */
const NOTED_WITHIN_MS = 15_000;

/**
 * Returns what is wrong with the pushes, as text.
 *
 * @param pushes         the journal: `{time, token, message, fault?}`
 * @param rooms          conversations, each with its `devices`: `{token, owner, isGone}`
 * @param interruptions  times of kills and restarts: a function may not have recorded a push at these times
 */
export async function wrongPushes(truth, { pushes, rooms, interruptions }) {
  const devices = new Map(rooms.flatMap(({ id, devices }) => devices.map((device) => [device.token, { ...device, room: id }])));
  const messages = new Map((await truth.messages()).map((message) => [message.id, message]));
  const found = [];
  const notified = new Map();
  for (const { time, token, message: push, fault } of pushes) {
    const device = devices.get(token);
    const message = messages.get(push.data.message_id);
    const where = `${token} and message ${push.data.seq} of ${push.data.chat_room_id}`;
    if (!device || !message || message.room !== device.room) {
      found.push(`${where}: not for this device`);
      continue;
    }
    const texts = [message.text, ...message.formerTexts];
    if (!texts.includes(push.notification.body)) found.push(`${where}: another text`);
    if (message.sender === device.owner) found.push(`${where}: pushed to its sender`);
    if (message.readAt && message.readAt < time - UNDER_WAY_MS) found.push(`${where}: read ${time - message.readAt} ms before`);
    if (message.deletedAt && message.deletedAt < time - UNDER_WAY_MS) found.push(`${where}: deleted ${time - message.deletedAt} ms before`);
    const before = notified.get(where);
    if (before && !mayBeTwice(before, time, interruptions)) found.push(`${where}: pushed again after ${time - before.time} ms`);
    notified.set(where, { time, fault });
  }
  if ((await truth.pushBacklog()) > 0) found.push('pushes are still pending');
  for (const { token, owner, room, isGone } of devices.values()) {
    const newest = newestFor(owner, room, messages);
    const where = `${token} and message ${newest?.seq} of ${room}`;
    if (newest && !newest.readAt && !isGone && !notified.has(where)) found.push(`${where}: never pushed`);
    if (newest && isGone && (await truth.hasDevice(token))) found.push(`${token}: still registered`);
  }
  return found;
}

/** Returns the newest message of the other participant. */
function newestFor(owner, room, messages) {
  const received = [...messages.values()].filter((message) => message.room === room && message.sender !== owner);
  return received.sort((a, b) => b.seq - a.seq)[0];
}

/**
 * Returns whether a repeated push is acceptable: after a lost response, or after the end of the lease if the function
 * could not record the push.
 */
function mayBeTwice(before, time, interruptions) {
  if (before.fault && before.fault !== 'delay') return true;
  if (before.fault && time - before.time >= AGAIN_MS) return true;
  const isInterruption = (at) => at > before.time - 1000 && at < before.time + NOTED_WITHIN_MS;
  return time - before.time >= LEASE_MS - 2000 && interruptions.some(isInterruption);
}
