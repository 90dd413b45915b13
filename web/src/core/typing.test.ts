import { beforeEach, describe, expect, test } from 'vitest';
import { TestClock } from './testing/test-clock';
import { TypingSender, TypingWatch } from './typing';

let clock: TestClock;
beforeEach(() => (clock = new TestClock()));

describe('sending', () => {
  let reported: boolean[];
  let sender: TypingSender;
  beforeEach(() => {
    reported = [];
    sender = new TypingSender((isTyping) => reported.push(isTyping), clock);
  });

  test('reports the first key and not the next ones', () => {
    sender.typed('B');
    sender.typed('Bo');
    expect(reported).toEqual([true]);
  });

  test('reports again while it continues, before the entry expires', async () => {
    for (let n = 0; n < 12; n += 1) {
      sender.typed('Bonjour');
      await clock.pass(1_000);
    }
    expect(reported).toEqual([true, true, true]);
  });

  test.each([
    ['sending', () => sender.stop()],
    ['deleting it all', () => sender.typed(' ')],
    ['silence', () => clock.pass(4_000)],
  ])('%s ends it, once', async (_, end) => {
    sender.typed('Bonjour');
    await end();
    await clock.pass(60_000);
    sender.stop();
    expect(reported).toEqual([true, false]);
  });

  test('typing again right after the end is reported once the server accepts it', async () => {
    sender.typed('B');
    sender.typed('');
    sender.typed('Bo');
    expect(reported).toEqual([true, false]);
    await clock.pass(1_200);
    expect(reported).toEqual([true, false, true]);
    sender.stop();
    sender.typed('Bon');
    sender.stop();
    await clock.pass(10_000);
    expect(reported).toEqual([true, false, true, false]);
  });

  test('an empty draft reports nothing', () => {
    sender.typed('');
    sender.stop();
    expect(reported).toEqual([]);
  });
});

describe('watching', () => {
  const timestamp = (secondsAgo: number) => new Date(clock.now() - secondsAgo * 1_000).toISOString();
  let changes: number;
  const watch = (clockOffset = 0) =>
    new TypingWatch(
      () => (changes += 1),
      clock,
      () => clockOffset,
    );
  beforeEach(() => (changes = 0));

  test('sees the start and the end', () => {
    const other = watch();
    other.received(timestamp(0));
    expect(other.isTyping).toBe(true);
    other.received(null);
    expect(other.isTyping).toBe(false);
    expect(changes).toBe(2);
  });

  test('an entry expires after ten seconds', async () => {
    const other = watch();
    other.received(timestamp(4));
    await clock.pass(5_999);
    expect(other.isTyping).toBe(true);
    await clock.pass(1);
    expect(other.isTyping).toBe(false);
  });

  test('a renewed entry continues', async () => {
    const other = watch();
    other.received(timestamp(0));
    await clock.pass(5_000);
    other.received(timestamp(0));
    await clock.pass(9_000);
    expect([other.isTyping, changes]).toEqual([true, 1]);
  });

  test('an abandoned entry means nothing from the start', () => {
    const other = watch();
    other.received(timestamp(3_600));
    expect(other.isTyping).toBe(false);
  });

  test('an entry far in the future is invalid', () => {
    const other = watch();
    other.received(timestamp(-61));
    expect(other.isTyping).toBe(false);
    other.received(timestamp(-59));
    expect(other.isTyping).toBe(true);
  });

  test('the server’s clock corrects a wrong device clock', () => {
    const hourBehind = watch(3_600_000);
    hourBehind.received(timestamp(-3_600));
    expect(hourBehind.isTyping).toBe(true);
    hourBehind.received(timestamp(0));
    expect(hourBehind.isTyping).toBe(false);
  });
});
