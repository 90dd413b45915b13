import { describe, expect, it } from 'vitest';
import { LIVE_ROOMS, merged, newestOf, type InboxEntry } from './inbox';

const entry = (sortAt: string, revision = 1): InboxEntry => ({
  room_type: 'delivery',
  last_message_text: '',
  sort_at: sortAt,
  unread_count: 0,
  is_archived: false,
  is_muted: false,
  revision,
});

const minute = (n: number) => new Date(Date.UTC(2025, 0, 15, 10, n)).toISOString();

describe('the inbox of several shards', () => {
  it('has the entries of all; of a room on two shards, the newer one', () => {
    const first = new Map([
      ['a', entry(minute(1))],
      ['moving', entry(minute(2), 4)],
    ]);
    const second = new Map([
      ['moving', entry(minute(3), 5)],
      ['b', entry(minute(4))],
    ]);
    for (const inboxes of [
      [first, second],
      [second, first],
    ]) {
      const all = merged(inboxes);
      expect([...all.keys()].sort()).toEqual(['a', 'b', 'moving']);
      expect(all.get('moving')!.sort_at).toBe(minute(3));
    }
  });

  it('is cut to the newest entries of the union', () => {
    const shard = (offset: number) =>
      new Map(Array.from({ length: LIVE_ROOMS }, (_, n) => [`${2 * n + offset}`, entry(minute(2 * n + offset))]));
    const newest = newestOf(merged([shard(1), shard(0)]));
    const expected = Array.from({ length: LIVE_ROOMS }, (_, n) => `${LIVE_ROOMS + n}`);
    expect([...newest.keys()]).toEqual(expected);
  });
});
