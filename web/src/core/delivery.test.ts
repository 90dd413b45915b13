import { beforeEach, expect, test } from 'vitest';
import { Delivery, type DeliveryReceipt } from './delivery';
import { CallError } from './errors';
import { TestClock } from './testing/test-clock';

let clock: TestClock;
let delivery: Delivery;
let calls: DeliveryReceipt[][];
let isDown: boolean;

beforeEach(() => {
  clock = new TestClock();
  calls = [];
  isDown = false;
  delivery = new Delivery(async (receipts) => {
    if (isDown) throw new CallError(null, 'Pas de réponse du serveur.');
    calls.push(receipts);
  }, clock);
});

test('messages of several rooms are reported in one call, each room by its newest', async () => {
  delivery.arrived('a', 1);
  delivery.arrived('b', 7);
  delivery.arrived('a', 3);
  await clock.pass(1_000);
  expect(calls).toEqual([
    [
      { chat_room_id: 'a', seq: 3 },
      { chat_room_id: 'b', seq: 7 },
    ],
  ]);
  delivery.arrived('a', 2);
  await clock.pass(60_000);
  expect(calls).toHaveLength(1);
});

test('messages that are read at once are not reported', async () => {
  delivery.arrived('a', 3);
  delivery.read('a', 3);
  await clock.pass(60_000);
  expect(calls).toEqual([]);
});

test('a report that fails is repeated, with what has arrived since', async () => {
  isDown = true;
  delivery.arrived('a', 3);
  await clock.pass(1_000);
  isDown = false;
  delivery.arrived('a', 4);
  await clock.pass(2_000);
  expect(calls).toEqual([[{ chat_room_id: 'a', seq: 4 }]]);
});

test('a message that arrives during a call is reported after it', async () => {
  delivery.arrived('a', 1);
  const pass = clock.pass(1_000);
  delivery.arrived('a', 2);
  await pass;
  delivery.arrived('a', 3);
  await clock.pass(1_000);
  expect(calls.flat().at(-1)).toEqual({ chat_room_id: 'a', seq: 3 });
});
