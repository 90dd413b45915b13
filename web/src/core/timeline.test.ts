import { expect, test } from 'vitest';
import { aMessage, messagesOf, seqs } from './testing/messages';
import { Timeline } from './timeline';

test('messages are in order and unique, in whatever order they arrive', () => {
  const timeline = new Timeline();
  timeline.merge(messagesOf(5, 8));
  timeline.merge(messagesOf(1, 6));
  timeline.merge([aMessage(9), aMessage(4)]);
  expect(seqs(timeline.messages)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a known message is not new', () => {
  const timeline = new Timeline();
  expect(timeline.merge([aMessage(1)])).toBe(true);
  expect(timeline.merge([aMessage(1)])).toBe(false);
});

test('a receipt is new, and stays when an older page is merged late', () => {
  const timeline = new Timeline();
  timeline.merge([aMessage(1)]);
  expect(timeline.merge([aMessage(1, { readAt: '2025-01-15T14:35:00.000000Z' })])).toBe(true);
  expect(timeline.merge([aMessage(1)])).toBe(false);
  expect(timeline.messages[0]!.readAt).not.toBeNull();
});

test('the higher revision wins, whatever arrives first', () => {
  const edited = aMessage(1, { text: 'corrigé', editedAt: 'later', revision: 5 });
  const deleted = aMessage(1, { text: '', isDeleted: true, revision: 6 });
  for (const order of [
    [aMessage(1), edited, deleted],
    [deleted, edited, aMessage(1)],
  ]) {
    const timeline = new Timeline();
    for (const copy of order) timeline.merge([copy]);
    expect(timeline.messages).toEqual([deleted]);
  }
});

test('the newest hole is found, and none below the oldest message', () => {
  const timeline = new Timeline();
  expect(timeline.hole).toBeNull();
  timeline.merge(messagesOf(10, 12));
  expect(timeline.hole).toBeNull();
  timeline.merge([aMessage(15), aMessage(20)]);
  expect(timeline.hole).toEqual({ after: 15, last: 19 });
  timeline.merge(messagesOf(16, 19));
  expect(timeline.hole).toEqual({ after: 12, last: 14 });
  timeline.merge(messagesOf(13, 14));
  expect(timeline.hole).toBeNull();
});

test('oldest and newest are the ends of the known messages', () => {
  const timeline = new Timeline();
  expect([timeline.oldest, timeline.newest]).toEqual([0, 0]);
  timeline.merge(messagesOf(7, 9));
  expect([timeline.oldest, timeline.newest]).toEqual([7, 9]);
});

test('marking as read changes only the named unread messages', () => {
  const timeline = new Timeline();
  timeline.merge(messagesOf(1, 3));
  timeline.markRead(new Set(['id-1', 'id-3', 'unknown']), 'now');
  expect(timeline.messages.map(({ readAt }) => readAt)).toEqual(['now', null, 'now']);
});
