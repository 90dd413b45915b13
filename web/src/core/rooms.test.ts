import { beforeEach, describe, expect, test } from 'vitest';
import type { RoomDetail } from '../../generated/typescript';
import { CallError } from './errors';
import { RoomList, type RoomsApi } from './rooms';
import { settled, TestClock } from './testing/test-clock';
import { TestLive } from './testing/test-live';
import { aRoom } from './testing/test-room';

const PAGE = 2;

class TestServer implements RoomsApi {
  all: RoomDetail[] = [];
  calls: string[] = [];

  rooms = async ({ search, page }: { search: string; includeArchived: boolean; page: number }) => {
    this.calls.push(`rooms ${page} ${search}`.trim());
    const found = this.all.filter(({ id }) => id.includes(search));
    const results = found.slice((page - 1) * PAGE, page * PAGE);
    if (page > 1 && results.length === 0) throw new CallError(404, 'Page invalide.');
    return { count: found.length, next: found.length > page * PAGE ? 'next' : null, previous: null, results };
  };
  room = async (id: string) => {
    this.calls.push(`room ${id}`);
    return this.all.find((room) => room.id === id)!;
  };
  unreadCount = async () => this.all.reduce((sum, room) => sum + room.unread_count, 0);
  createRoom = async () => this.all[0]!;
}

let server: TestServer;
let live: TestLive;
let clock: TestClock;
let list: RoomList;
const at = (minute: number) => `2025-01-15T14:${String(minute).padStart(2, '0')}:00.000000Z`;
const ids = () => list.rooms.map(({ id }) => id);

beforeEach(async () => {
  server = new TestServer();
  live = new TestLive();
  clock = new TestClock();
  list = new RoomList(server, live, clock);
  server.all = [
    aRoom({ id: 'a', last_message_at: at(2) }),
    aRoom({ id: 'b', last_message_at: at(1), unread_count: 2 }),
  ];
  list.open();
  await settled();
  server.calls = [];
});

describe('badges', () => {
  const change = (id: string, changes: Partial<RoomDetail>, revision: number) => {
    server.all = server.all.map((room) => (room.id === id ? { ...room, ...changes } : room));
    live.metadataOf
      .get(id)!
      .received({ revision, last_message_at: server.all.find((room) => room.id === id)!.last_message_at! });
  };

  test('the first event of a room that the list already shows causes no call', async () => {
    change('a', {}, 7);
    await settled();
    expect(server.calls).toEqual([]);
    expect(list.unread).toBe(2);
  });

  test('a message in another room reads that room again and moves it up', async () => {
    change('b', {}, 1);
    change('b', { last_message_at: at(9), unread_count: 3 }, 2);
    await settled();
    expect(server.calls).toEqual(['room b']);
    expect(ids()).toEqual(['b', 'a']);
    expect([list.rooms[0]!.unread_count, list.unread]).toEqual([3, 3]);
  });

  test('reading on another device removes the badge', async () => {
    change('b', {}, 1);
    change('b', { unread_count: 0 }, 2);
    await settled();
    expect(list.unread).toBe(0);
  });

  test('a new room appears also if the total of unread messages is the same', async () => {
    list.setVisible(true);
    server.all = server.all.map((room) => ({ ...room, unread_count: 0 }));
    server.all.unshift(aRoom({ id: 'new', unread_count: 2, last_message_at: at(30) }));
    await clock.pass(5_000);
    expect(ids()[0]).toBe('new');
    expect(list.unread).toBe(2);
  });

  test('unread messages of archived rooms are counted beside the list', async () => {
    server.unreadCount = async () => 7;
    list.wake();
    await settled();
    expect([list.unread, list.unreadArchived]).toEqual([7, 5]);
  });

  test('a new room appears within seconds', async () => {
    list.setVisible(true);
    server.all = [aRoom({ id: 'new', unread_count: 1, last_message_at: at(30) }), ...server.all];
    await clock.pass(5_000);
    expect(ids()[0]).toBe('new');
    expect(list.unread).toBe(3);
  });
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

test('the response to an earlier search is not shown', async () => {
  list.show({ search: 'a' });
  list.show({ search: 'b' });
  await settled();
  expect(ids()).toEqual(['b']);
});

test('it listens to the rooms in the list and to no others', async () => {
  expect([...live.metadataOf.keys()]).toEqual(['a', 'b']);
  list.show({ search: 'b' });
  await settled();
  expect([...live.metadataOf.keys()]).toEqual(['b']);
  list.close();
  expect(live.metadataOf.size).toBe(0);
});
