import { expect, test } from 'vitest';
import type { Entry, MessageStep } from './journal';
import { lags } from './lag';

const step = (at: number, who: string, step: MessageStep['step'], ids: Partial<MessageStep>): Entry => ({
  kind: 'message',
  at,
  who,
  step,
  ...ids,
});

test('a message is followed from one phone to the other and back', () => {
  const entries = [
    step(100, 'driver', 'written', { clientMessageId: 'c', text: 'Bonjour' }),
    // Firebase is faster than the response.
    step(108, 'client', 'received', { messageId: 'm' }),
    step(109, 'driver', 'received', { messageId: 'm' }),
    step(112, 'driver', 'stored', { clientMessageId: 'c', messageId: 'm' }),
    step(130, 'client', 'read', { messageId: 'm' }),
    step(131, 'driver', 'read', { messageId: 'm' }),
  ];
  expect(lags(entries)).toMatchObject([{ text: 'Bonjour', stored: 12, echoed: 9, seen: 8, read: 31 }]);
});

test('a step that has not happened yet is null, and the newest message is first', () => {
  const entries = [
    step(1, 'driver', 'written', { clientMessageId: 'a', text: 'un' }),
    step(2, 'driver', 'stored', { clientMessageId: 'a', messageId: '1' }),
    step(3, 'driver', 'written', { clientMessageId: 'b', text: 'deux' }),
    step(4, 'driver', 'stored', { clientMessageId: 'b', messageId: '2' }),
    step(5, 'client', 'received', { messageId: 'somebody’s' }),
  ];
  expect(lags(entries)).toMatchObject([
    { text: 'deux', stored: 1, seen: null, read: null },
    { text: 'un', stored: 1 },
  ]);
});
