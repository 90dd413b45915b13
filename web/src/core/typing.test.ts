import { beforeEach, describe, expect, test } from 'vitest';
import { TestClock } from './testing/test-clock';
import { TypingSender, TypingWatch } from './typing';

let clock: TestClock;
beforeEach(() => (clock = new TestClock()));

describe('the one who types', () => {
  let told: boolean[];
  let sender: TypingSender;
  beforeEach(() => {
    told = [];
    sender = new TypingSender((isTyping) => told.push(isTyping), clock);
  });

  test('tells it at the first key, and not at the next ones', () => {
    sender.typed('B');
    sender.typed('Bo');
    expect(told).toEqual([true]);
  });

  test('tells it again while it goes on, well before it is too old', async () => {
    for (let n = 0; n < 12; n += 1) {
      sender.typed('Bonjour');
      await clock.pass(1_000);
    }
    expect(told).toEqual([true, true, true]);
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
    expect(told).toEqual([true, false]);
  });

  test('whoever typed nothing tells nothing', () => {
    sender.typed('');
    sender.stop();
    expect(told).toEqual([]);
  });
});

describe('the one who watches', () => {
  const timestamp = (secondsAgo: number) => new Date(clock.now() - secondsAgo * 1_000).toISOString();
  let changes: number;
  const watch = (clockOffset = 0) =>
    new TypingWatch(
      () => (changes += 1),
      clock,
      () => clockOffset,
    );
  beforeEach(() => (changes = 0));

  test('sees it begin and end', () => {
    const other = watch();
    other.heard(timestamp(0));
    expect(other.isTyping).toBe(true);
    other.heard(null);
    expect(other.isTyping).toBe(false);
    expect(changes).toBe(2);
  });

  test('after ten seconds an entry means nothing any more', async () => {
    const other = watch();
    other.heard(timestamp(4));
    await clock.pass(5_999);
    expect(other.isTyping).toBe(true);
    await clock.pass(1);
    expect(other.isTyping).toBe(false);
  });

  test('an entry that is renewed lasts on', async () => {
    const other = watch();
    other.heard(timestamp(0));
    await clock.pass(5_000);
    other.heard(timestamp(0));
    await clock.pass(9_000);
    expect([other.isTyping, changes]).toEqual([true, 1]);
  });

  test('an entry that somebody left behind means nothing from the start', () => {
    const other = watch();
    other.heard(timestamp(3_600));
    expect(other.isTyping).toBe(false);
  });

  test('an entry far in the future is invalid', () => {
    const other = watch();
    other.heard(timestamp(-61));
    expect(other.isTyping).toBe(false);
    other.heard(timestamp(-59));
    expect(other.isTyping).toBe(true);
  });

  test('a clock that is wrong is put right by the server’s', () => {
    const hourBehind = watch(3_600_000);
    hourBehind.heard(timestamp(-3_600));
    expect(hourBehind.isTyping).toBe(true);
    hourBehind.heard(timestamp(0));
    expect(hourBehind.isTyping).toBe(false);
  });
});
