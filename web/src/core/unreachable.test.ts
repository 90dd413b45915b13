import { expect, test } from 'vitest';
import { aMessage, ME, OTHER } from './testing/messages';
import { aRoom } from './testing/test-room';
import { canCall } from './unreachable';

const NOW = Date.parse('2025-01-15T14:35:00Z');
const at = (seq: number, senderId: string | null, minute: number) =>
  aMessage(seq, { senderId, createdAt: `2025-01-15T14:${minute}:00.000000Z` });
const room = aRoom();

test.each([
  ['a message that is unanswered for two minutes', true, [at(1, ME, 33)]],
  ['also if a newer one is not', true, [at(1, OTHER, 30), at(2, ME, 31), at(3, ME, 34)]],
  ['a message that is answered', false, [at(1, ME, 30), at(2, OTHER, 31)]],
  ['a new message', false, [at(1, ME, 34)]],
  ['a message of the platform is no answer', true, [at(1, ME, 31), at(2, null, 32)]],
  ['no message', false, []],
])('%s', (_, expected, messages) => {
  expect(canCall(room, 'arriving', messages, ME, NOW)).toBe(expected);
});

test('only the driver, after arriving, in an open room without a call', () => {
  const messages = [at(1, ME, 30)];
  expect(canCall(room, 'picked_up', messages, ME, NOW)).toBe(false);
  expect(canCall(aRoom({ is_active: false }), 'arriving', messages, ME, NOW)).toBe(false);
  expect(canCall(aRoom({ unreachable_until: 'later' }), 'arriving', messages, ME, NOW)).toBe(false);
  expect(canCall(room, 'arriving', [at(1, OTHER, 30)], OTHER, NOW)).toBe(false);
});
