// What devices were told of, held against PostgreSQL: by the stand-in's own journal, and by SQL of its own.

/** How long a push may be under way once it was looked up whether its message is read: 20 s, and some. */
const UNDER_WAY_MS = 25_000;
/**
 * The least time from a push that was held up to its repetition: the function gives up after 1.5 s and retries 10 s later
 * at the earliest, and the push was held up by 5 s.
 */
const AGAIN_MS = 1_500 + 10_000 - 5_000;
/** How long a push is leased after a reply; in the sweep it is longer. */
const LEASE_MS = 10_000;
/** What kills a function in the midst of a push is not noted later than this after the push. */
const NOTED_WITHIN_MS = 15_000;

/**
 * What is wrong with the pushes, in words.
 *
 * @param pushes     the journal: `{time, token, message, fault?}`
 * @param rooms      conversations, each with its `devices`: `{token, owner, isGone}`
 * @param accidents  when functions were killed or PostgreSQL was restarted: then it may not have been written down that
 *                   something was told
 */
export async function wrongPushes(truth, { pushes, rooms, accidents }) {
  const devices = new Map(rooms.flatMap(({ id, devices }) => devices.map((device) => [device.token, { ...device, room: id }])));
  const messages = new Map((await truth.messages()).map((message) => [message.id, message]));
  const found = [];
  const told = new Map();
  for (const { time, token, message: push, fault } of pushes) {
    const device = devices.get(token);
    const message = messages.get(push.data.message_id);
    const where = `${token} and message ${push.data.seq} of ${push.data.chat_room_id}`;
    if (!device || !message || message.room !== device.room) {
      found.push(`${where}: no business of this device`);
      continue;
    }
    if (push.notification.body !== message.text) found.push(`${where}: another text`);
    if (message.sender === device.owner) found.push(`${where}: told to its sender`);
    if (message.readAt && message.readAt < time - UNDER_WAY_MS) found.push(`${where}: read ${time - message.readAt} ms before`);
    const before = told.get(where);
    if (before && !mayBeTwice(before, time, accidents)) found.push(`${where}: told again after ${time - before.time} ms`);
    told.set(where, { time, fault });
  }
  if ((await truth.pushBacklog()) > 0) found.push('pushes still wait');
  for (const { token, owner, room, isGone } of devices.values()) {
    const newest = newestFor(owner, room, messages);
    const where = `${token} and message ${newest?.seq} of ${room}`;
    if (newest && !newest.readAt && !isGone && !told.has(where)) found.push(`${where}: never told`);
    if (newest && isGone && (await truth.hasDevice(token))) found.push(`${token}: still registered`);
  }
  return found;
}

/** The newest message that somebody else wrote. */
function newestFor(owner, room, messages) {
  const received = [...messages.values()].filter((message) => message.room === room && message.sender !== owner);
  return received.sort((a, b) => b.seq - a.seq)[0];
}

/** After a response that was lost; or at the end of the lease, if the function could not settle the push. */
function mayBeTwice(before, time, accidents) {
  if (before.fault && before.fault !== 'delay') return true;
  if (before.fault && time - before.time >= AGAIN_MS) return true;
  const isAccident = (at) => at > before.time - 1000 && at < before.time + NOTED_WITHIN_MS;
  return time - before.time >= LEASE_MS - 2000 && accidents.some(isAccident);
}
