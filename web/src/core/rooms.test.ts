import { beforeEach, describe, expect, test } from 'vitest';
import type { RoomDetail } from '../../generated/typescript';
import { CallError } from './errors';
import { LIVE_ROOMS, type InboxEntry } from './inbox';
import { RoomList, type RoomsApi } from './rooms';
import { settled, TestClock } from './testing/test-clock';
import { TestLive } from './testing/test-live';
import { aRoom } from './testing/test-room';

const PAGE = 2;

class TestServer implements RoomsApi {
  all: RoomDetail[] = [];
  calls: string[] = [];

  rooms = async ({ search, includeArchived, page }: { search: string; includeArchived: boolean; page: number }) => {
    this.calls.push(`rooms ${page} ${search}`.trim());
    const found = this.all.filter(({ id, is_archived }) => id.includes(search) && (includeArchived || !is_archived));
    const results = found.slice((page - 1) * PAGE, page * PAGE);
    if (page > 1 && results.length === 0) throw new CallError(404, 'Page invalide.');
    return { count: found.length, next: found.length > page * PAGE ? 'next' : null, previous: null, results };
  };
  unreadCount = async () => this.all.reduce((sum, room) => sum + room.unread_count, 0);
  createRoom = async () => this.all[0]!;
}

let server: TestServer;
let live: TestLive;
let clock: TestClock;
let list: RoomList;
let arrived: [string, number][];
const at = (minute: number) => `2025-01-15T14:${String(minute).padStart(2, '0')}:00.000000Z`;
const ids = () => list.rooms.map(({ id }) => id);

const entryOf = (room: RoomDetail): InboxEntry => ({
  room_type: room.room_type,
  last_message_text: room.last_message_text,
  ...(room.last_message_at && { last_message_at: room.last_message_at }),
  last_message_seq: room.unread_count,
  sort_at: room.last_message_at ?? room.created_at,
  unread_count: room.unread_count,
  is_archived: room.is_archived,
  is_muted: room.is_muted,
  revision: 1,
});

/** Brings the inbox in Firebase up to date and sends its events. */
async function mirror(): Promise<void> {
  const entries = server.all
    .filter((room) => room.is_active && (!room.is_archived || room.unread_count > 0))
    .map((room) => [room.id, entryOf(room)] as const)
    .sort(([, a], [, b]) => (a.sort_at < b.sort_at ? 1 : -1));
  const unread = entries.filter(([, { unread_count }]) => unread_count > 0);
  for (const { received } of live.listeners.inbox) received(new Map(entries.slice(0, LIVE_ROOMS)), true);
  for (const { received } of live.listeners.unread) received(new Map(unread), true);
  await settled();
}

async function change(id: string, changes: Partial<RoomDetail>): Promise<void> {
  server.all = server.all.map((room) => (room.id === id ? { ...room, ...changes } : room));
  await mirror();
}

beforeEach(async () => {
  server = new TestServer();
  live = new TestLive();
  clock = new TestClock();
  arrived = [];
  list = new RoomList(server, live, clock, undefined, (...receipt) => arrived.push(receipt));
  server.all = [
    aRoom({ id: 'a', last_message_at: at(2) }),
    aRoom({ id: 'b', last_message_at: at(1), unread_count: 2 }),
  ];
  list.setVisible(true);
  list.open();
  await settled();
  await mirror();
  server.calls = [];
});

describe('with Firebase', () => {
  test('a message in another room moves it up and counts, without a call', async () => {
    await change('b', { last_message_at: at(9), last_message_text: 'Bonjour', unread_count: 3 });
    expect(list.rooms.map((room) => [room.id, room.unread_count, room.last_message_text])).toEqual([
      ['b', 3, 'Bonjour'],
      ['a', 0, ''],
    ]);
    expect(list.unread).toBe(3);
    await clock.pass(60_000);
    expect(server.calls).toEqual([]);
  });

  test('the messages of unread rooms have arrived, also without a row in the list', async () => {
    expect(arrived).toEqual([['b', 2]]);
    await change('b', { unread_count: 3, is_archived: true });
    expect(arrived.slice(1)).toEqual([['b', 3]]);
    await change('b', { unread_count: 0 });
    expect(arrived).toHaveLength(2);
  });

  test('an entry of an earlier release reports nothing, and is shown', async () => {
    const { last_message_seq, ...entry } = entryOf(aRoom({ last_message_at: at(9), unread_count: 1 }));
    expect(last_message_seq).toBe(1);
    arrived = [];
    for (const { received } of live.listeners.inbox) received(new Map([['old', entry]]), true);
    for (const { received } of live.listeners.unread) received(new Map([['old', entry]]), true);
    expect([list.rooms.map(({ id }) => id), list.unread, arrived]).toEqual([['old'], 1, []]);
  });

  test('reading on another device removes the badge', async () => {
    await change('b', { unread_count: 0 });
    expect([list.unread, list.rooms.find(({ id }) => id === 'b')!.unread_count]).toEqual([0, 0]);
    expect(server.calls).toEqual([]);
  });

  test('a new room appears, and a closed or archived one disappears, without a call', async () => {
    server.all = [aRoom({ id: 'new', created_at: at(30) }), ...server.all];
    await mirror();
    expect(ids()).toEqual(['new', 'a', 'b']);
    await change('a', { is_active: false });
    await change('new', { is_archived: true });
    expect(ids()).toEqual(['b']);
    expect(server.calls).toEqual([]);
  });

  test('an archived room with unread messages is counted beside the list', async () => {
    await change('b', { is_archived: true });
    expect(ids()).toEqual(['a']);
    expect([list.unread, list.unreadArchived]).toEqual([2, 2]);
  });

  test('a room that is no longer among the newest stays in the list, with its badge', async () => {
    const newer = Array.from({ length: LIVE_ROOMS }, (_, n) => aRoom({ id: `new-${n}`, last_message_at: at(10 + n) }));
    server.all = [...newer.toReversed(), ...server.all];
    await mirror();
    expect(ids()).toHaveLength(LIVE_ROOMS + 2);
    expect(ids().slice(-2)).toEqual(['a', 'b']);
    expect(list.rooms.at(-1)!.unread_count).toBe(2);
    await change('b', { unread_count: 5 });
    expect([list.rooms.at(-1)!.unread_count, list.unread]).toEqual([5, 5]);
    expect(server.calls).toEqual([]);
  });

  test('in a search, badges are live, and a change of the list repeats the search', async () => {
    list.show({ search: 'b' });
    await settled();
    server.calls = [];
    await change('b', { unread_count: 7 });
    expect(list.rooms.map((room) => [room.id, room.unread_count])).toEqual([['b', 7]]);
    expect(server.calls).toEqual([]);
    server.all.push(aRoom({ id: 'bb', last_message_at: at(30) }));
    await mirror();
    expect(ids()).toEqual(['bb', 'b']);
  });

  test('archived rooms come from REST', async () => {
    await change('a', { is_archived: true });
    expect(ids()).toEqual(['b']);
    list.show({ includeArchived: true });
    await settled();
    expect(ids()).toEqual(['a', 'b']);
    list.show({ includeArchived: false });
    expect(ids()).toEqual(['b']);
  });
});

describe('without Firebase', () => {
  beforeEach(() => {
    live.connect(false);
  });

  test('the list stays, and is read every five seconds while the app is visible', async () => {
    expect([ids(), list.unread]).toEqual([['a', 'b'], 2]);
    server.all = [aRoom({ id: 'new', unread_count: 1, last_message_at: at(30) }), ...server.all];
    await clock.pass(5_000);
    expect([ids(), list.unread]).toEqual([['new', 'a'], 3]);
    expect(server.calls).toEqual(['rooms 1']);
    list.setVisible(false);
    await clock.pass(60_000);
    expect(server.calls).toEqual(['rooms 1']);
  });

  test('once it is back, the inbox is the list again', async () => {
    server.all = server.all.slice(0, 1);
    live.connect(true);
    await mirror();
    expect([ids(), list.unread]).toEqual([['a'], 0]);
    await clock.pass(60_000);
    expect(server.calls).toEqual([]);
  });

  test('unread messages of archived rooms are counted beside a complete list', async () => {
    server.unreadCount = async () => 7;
    await clock.pass(5_000);
    expect([list.unread, list.unreadArchived]).toEqual([7, 5]);
  });

  test('more pages can be loaded, and a list that became shorter is no error', async () => {
    server.all.push(aRoom({ id: 'c' }), aRoom({ id: 'd' }));
    list.show({});
    await settled();
    expect([ids().length, list.hasMore]).toEqual([2, true]);
    list.more();
    await settled();
    expect([ids(), list.hasMore]).toEqual([['a', 'b', 'c', 'd'], false]);

    server.all = server.all.slice(0, 2);
    list.wake();
    await settled();
    expect([ids(), list.problem]).toEqual([['a', 'b'], null]);
  });
});

describe('without one of several databases', () => {
  beforeEach(() => live.loseAnother());

  const receive = (...parts: RoomDetail[]) => {
    const entries = new Map(parts.map((room) => [room.id, entryOf(room)]));
    for (const { received } of live.listeners.inbox) received(entries, false);
    for (const { received } of live.listeners.unread) received(entries, false);
    return settled();
  };

  test('a change on another one is shown at once, by REST, and has arrived', async () => {
    const changed = { ...server.all[1]!, last_message_at: at(9), unread_count: 3 };
    server.all = [changed, server.all[0]!];
    await receive(changed);
    expect([ids(), list.unread]).toEqual([['b', 'a'], 3]);
    expect(server.calls).toEqual(['rooms 1']);
    expect(arrived.at(-1)).toEqual(['b', 3]);
  });

  test('an invisible list is not read', async () => {
    list.setVisible(false);
    await receive(server.all[1]!);
    expect([ids(), server.calls]).toEqual([['a', 'b'], []]);
  });

  test('once it is back, the inbox is the list again', async () => {
    live.connect(true);
    await change('a', { unread_count: 1 });
    await clock.pass(60_000);
    expect([list.unread, server.calls]).toEqual([3, []]);
  });
});

test('rejected listeners start at once when the connection is back', () => {
  live.reject('unread');
  list.wake();
  expect([live.listeners.inbox.size, live.listeners.unread.size]).toEqual([1, 1]);
});

test('rejected listeners start again together, and REST has the list until then', async () => {
  live.reject('unread');
  expect([live.listeners.inbox.size, live.listeners.unread.size]).toEqual([0, 0]);
  expect([ids(), list.unread]).toEqual([['a', 'b'], 2]);
  await clock.pass(1_000);
  expect([live.listeners.inbox.size, live.listeners.unread.size]).toEqual([1, 1]);
  await mirror();
  await change('a', { unread_count: 1 });
  expect(list.unread).toBe(3);
});

test('the response to an earlier search is not shown', async () => {
  list.show({ search: 'a' });
  list.show({ search: 'b' });
  await settled();
  expect(ids()).toEqual(['b']);
});

test('nothing listens after the end', () => {
  list.close();
  expect([live.listeners.inbox.size, live.listeners.unread.size]).toEqual([0, 0]);
});
